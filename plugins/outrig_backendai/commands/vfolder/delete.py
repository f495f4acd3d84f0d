"""`bai vfolder delete`"""

from __future__ import annotations

from outrig_backendai.commands.foldering import NAME, FolderCommand


class BaiVfolderDelete(FolderCommand):
    """Put a folder into the trash."""

    summary = "Put a folder into the trash"
    details = (
        "Its name is free then, its files stay until `bai vfolder purge`; `bai vfolder restore` "
        "brings it back. A folder that a session has cannot be deleted."
    )
    examples = (("bai vfolder delete data", "to the trash"),)
    arguments = (NAME,)
    aliases = ("trash",)

    def handle(self) -> int:
        """Put it there."""
        folder = self.cabinet.trash(self.name_given)
        self.note(f"Deleted {folder.name}. To free its space: outrig bai vfolder purge {folder.id}")
        return 0
