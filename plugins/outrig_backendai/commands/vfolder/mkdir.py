"""`bai vfolder mkdir`"""

from __future__ import annotations

from outrig.api import argument, option
from outrig.errors import ConflictError, NotFoundError
from outrig_backendai.commands.foldering import NAME, FolderCommand
from outrig_backendai.directory.folders import Permission
from outrig_backendai.folders.storage import inside


class BaiVfolderMkdir(FolderCommand):
    """Make a directory in a folder."""

    summary = "Make a directory in a folder"
    examples = (("bai vfolder mkdir -p data results/first", "with those above it"),)
    arguments = (NAME, argument("path", "its path in the folder"))
    options = (
        option("parents", "p", "make the directories above it too"),
        option("exist-ok", "e", "it may be there"),
    )

    def handle(self) -> int:
        """Make it."""
        storage = self.cabinet.storage(self.cabinet.find(self.name_given, Permission.WRITE))
        path = inside(self.word("path") or "")
        above = path.rpartition("/")[0]
        found = storage.look(path)
        if found is not None and not (found.is_directory and self.flag("exist-ok")):
            raise ConflictError(f"{path!r} exists already", hint="add -e if it may")
        if above and storage.look(above) is None and not self.flag("parents"):
            raise NotFoundError(f"there is no {above!r} in the folder", hint="add -p to make it")
        storage.make_directory(path)
        self.note("Done.")
        return 0
