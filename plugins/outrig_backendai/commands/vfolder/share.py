"""`bai vfolder share`"""

from __future__ import annotations

from outrig.api import argument
from outrig_backendai.commands.foldering import NAME, PERMISSION, FolderCommand


class BaiVfolderShare(FolderCommand):
    """Let users use a folder."""

    summary = "Let other users use a folder at once, without an invitation"
    examples = (("bai vfolder share -p ro data ann@example.org", "to read it"),)
    arguments = (NAME, argument("emails", "who", repeat=True))
    options = (PERMISSION,)

    def handle(self) -> int:
        """Share it."""
        folder = self.cabinet.owned(self.name_given)
        emails = self.argument_words("emails")
        for email in self.cabinet.shares.share(folder, emails, self.permission()):
            self.line(f"Shared with {email}.")
        return 0
