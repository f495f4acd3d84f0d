"""`bai vfolder unshare`"""

from __future__ import annotations

from outrig.api import argument
from outrig_backendai.commands.foldering import NAME, FolderCommand


class BaiVfolderUnshare(FolderCommand):
    """Take a share back."""

    summary = "Let users use a folder no longer"
    details = "Their sessions that have it keep it until they end."
    examples = (("bai vfolder unshare data ann@example.org", "from now on"),)
    arguments = (NAME, argument("emails", "who", repeat=True))

    def handle(self) -> int:
        """Take it back."""
        folder = self.cabinet.owned(self.name_given)
        for email in self.cabinet.shares.unshare(folder, self.argument_words("emails")):
            self.line(f"Not shared with {email} any more.")
        return 0
