"""`bai vfolder invitations`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import option
from outrig.errors import NotFoundError
from outrig_backendai.commands.foldering import FolderCommand
from outrig_backendai.listing.field import Field
from outrig_backendai.listing.page import Page
from outrig_backendai.listing.printing import print_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig_backendai.directory.folder_shares import Invitation

_FIELDS: tuple[Field[Invitation], ...] = (
    Field("id", "ID", lambda one: one.id),
    Field("vfolder_name", "Folder", lambda one: one.folder_name),
    Field("inviter", "Inviter", lambda one: one.inviter),
    Field("invitee", "Invitee", lambda one: one.invitee),
    Field("perm", "Permission", lambda one: one.permission),
    Field("created_at", "Created At", lambda one: one.created_at),
)


class BaiVfolderInvitations(FolderCommand):
    """List and answer invitations."""

    summary = "List the folders that others offer to share, and answer"
    details = (
        "On a terminal it asks for each whether to accept it; --accept and --reject answer one."
    )
    examples = (
        ("bai vfolder invitations", "list them"),
        ("bai vfolder invitations --accept 1", "take the first"),
    )
    options = (
        option("accept", None, "the one to accept, by number, id or folder", value="INVITATION"),
        option("reject", None, "the one to refuse", value="INVITATION"),
        option("cancel", None, "one of your own to take back", value="INVITATION"),
        option("sent", None, "list those that you sent"),
    )

    def handle(self) -> int:
        """List them, and do as is said."""
        shares = self.cabinet.shares
        if self.text("cancel"):
            shares.forget(_chosen(shares.sent(), self.text("cancel") or ""))
            self.note("Invitation is taken back.")
            return 0
        found = shares.sent() if self.flag("sent") else shares.received()
        accept, reject = self.text("accept"), self.text("reject")
        if accept:
            self._accept(_chosen(found, accept))
        elif reject:
            shares.forget(_chosen(found, reject))
            self.note("Invitation is rejected.")
        else:
            print_page(self, Page(found, len(found)), _FIELDS, empty="No invitations.")
            for one in () if self.flag("sent") else found:
                question = f"Accept {one.folder_name} of {one.inviter}?"
                if self.confirm(question, assume_without_terminal=False):
                    self._accept(one)
        return 0

    def _accept(self, invitation: Invitation) -> None:
        self.cabinet.shares.accept(invitation)
        self.note(f"Now you can access {invitation.folder_name}.")


def _chosen(found: Sequence[Invitation], word: str) -> Invitation:
    """Return the invitation of that number, id or folder; raises `NotFoundError`."""
    for number, one in enumerate(found, 1):
        if word in (str(number), one.id, one.folder_name, one.folder_id):
            return one
    raise NotFoundError(f"there is no invitation {word!r}", hint="see: bai vfolder invitations")
