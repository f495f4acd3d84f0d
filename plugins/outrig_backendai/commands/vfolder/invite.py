"""`bai vfolder invite`"""

from __future__ import annotations

from outrig.api import argument, option
from outrig_backendai.commands.foldering import NAME, FolderCommand


class BaiVfolderInvite(FolderCommand):
    """Offer users to share a folder."""

    summary = "Offer other users to share a folder"
    details = "They see it in `bai vfolder invitations`, and answer there. No mail is sent."
    examples = (("bai vfolder invite -p ro data ann@example.org", "to read it"),)
    arguments = (NAME, argument("emails", "who", repeat=True))
    options = (
        option(
            "perm",
            "p",
            "what they may do: ro, rw or wd",
            value="PERMISSION",
            choices=("ro", "rw", "wd"),
            default="rw",
        ),
    )

    def handle(self) -> int:
        """Invite them."""
        folder = self.cabinet.owned(self.name_given)
        emails = self.argument_words("emails")
        invited = self.cabinet.shares.invite(folder, emails, self.permission("perm"))
        self.line("Invited:")
        for email in invited:
            self.line(email)
        return 0
