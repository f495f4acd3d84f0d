"""`bai vfolder rename-file`"""

from __future__ import annotations

from outrig.api import argument
from outrig.errors import ConflictError, UsageError
from outrig_backendai.commands.foldering import NAME, FolderCommand
from outrig_backendai.directory.folders import Permission
from outrig_backendai.folders.storage import inside


class BaiVfolderRenameFile(FolderCommand):
    """Give a file or directory of a folder another name."""

    summary = "Give a file or directory of a folder another name, where it is"
    examples = (("bai vfolder rename-file data results/a.csv b.csv", "now results/b.csv"),)
    arguments = (
        NAME,
        argument("target-path", "its path in the folder"),
        argument("new-name", "its name from now on"),
    )

    def handle(self) -> int:
        """Rename it."""
        storage = self.cabinet.storage(self.cabinet.find(self.name_given, Permission.WRITE))
        path, name = inside(self.word("target-path") or ""), self.word("new-name") or ""
        if "/" in name or name in ("", ".", ".."):
            raise UsageError(f"{name!r} is no name", hint="to move it: outrig bai vfolder mv")
        above, slash, _ = path.rpartition("/")
        if storage.look(f"{above}{slash}{name}") is not None:
            raise ConflictError(f"{name!r} exists already there")
        storage.existing(path)
        storage.move(path, f"{above}{slash}{name}")
        self.note("Renamed.")
        return 0
