"""`bai vfolder mv`"""

from __future__ import annotations

from outrig.api import argument
from outrig_backendai.commands.foldering import NAME, FolderCommand
from outrig_backendai.directory.folders import Permission
from outrig_backendai.folders.storage import inside


class BaiVfolderMv(FolderCommand):
    """Move a file or directory within a folder."""

    summary = "Move a file or directory within a folder"
    details = "Into TARGET where that is a directory; a file that is there is replaced."
    examples = (("bai vfolder mv data a.csv results", "now results/a.csv"),)
    arguments = (
        NAME,
        argument("source", "its path in the folder"),
        argument("target", "its path from now on"),
    )
    aliases = ("move",)

    def handle(self) -> int:
        """Move it."""
        storage = self.cabinet.storage(self.cabinet.find(self.name_given, Permission.WRITE))
        source = storage.existing(inside(self.word("source") or ""))
        target = inside(self.word("target") or "")
        there = storage.look(target)
        if there is not None and there.is_directory:
            target = f"{target}/{source.name}" if target else source.name
        storage.move(source.path, target)
        self.note("Moved.")
        return 0
