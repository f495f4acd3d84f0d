"""`bai vfolder restore`"""

from __future__ import annotations

from outrig_backendai.commands.foldering import NAME, FolderCommand


class BaiVfolderRestore(FolderCommand):
    """Take a folder out of the trash."""

    summary = "Take a folder out of the trash"
    examples = (("bai vfolder restore data", "as it was"),)
    arguments = (NAME,)
    aliases = ("recover",)

    def handle(self) -> int:
        """Take it out."""
        self.note(f"Restored {self.cabinet.restore(self.name_given).name}.")
        return 0
