"""`bai vfolder purge`"""

from __future__ import annotations

from outrig.errors import OutrigError
from outrig_backendai.commands.foldering import NAME, FolderCommand


class BaiVfolderPurge(FolderCommand):
    """Remove a folder of the trash for good."""

    summary = "Remove a folder of the trash with all its files, for good"
    examples = (("bai vfolder purge data", "its space is free then"),)
    arguments = (NAME,)
    aliases = ("delete-trash",)

    def handle(self) -> int:
        """Remove it, once that is sure."""
        folder = self.cabinet.owned(self.name_given, trashed=True)
        question = f"Remove folder {folder.name} with all its files?"
        if not self.confirm(question, assume_without_terminal=True):
            raise OutrigError("nothing was removed")
        self.note(f"Purged {self.cabinet.purge(folder.id).name}.")
        return 0
