"""`bai vfolder rename`"""

from __future__ import annotations

from outrig.api import argument
from outrig_backendai.commands.foldering import FolderCommand


class BaiVfolderRename(FolderCommand):
    """Give a folder another name."""

    summary = "Give a folder another name"
    details = "Sessions that have it keep it where it is until they end."
    examples = (("bai vfolder rename data dataset", "from now on"),)
    arguments = (
        argument("old-name", "the folder, by name or id"),
        argument("new-name", "what it is to be called"),
    )

    def handle(self) -> int:
        """Rename it."""
        folder = self.cabinet.owned(self.word("old-name") or "")
        self.cabinet.records.rename(folder, self.word("new-name") or "")
        self.note("Renamed.")
        return 0
