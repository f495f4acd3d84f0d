"""Records of whom folders are shared with, and of who was invited to share them."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from outrig.errors import ConflictError, NotFoundError, UsageError
from outrig_backendai.directory.folders import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig_backendai.directory.database import Directory
    from outrig_backendai.directory.folders import Folder
    from outrig_backendai.directory.identity import Caller

_INVITATIONS = """
    SELECT i.id, i.folder_id, f.name, i.inviter, i.invitee, i.permission, i.created_at
    FROM folder_invitation i JOIN folder f ON f.id = i.folder_id
    WHERE f.trashed_at IS NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An offer to share a folder that was not answered yet; `inviter` and `invitee` are e-mails."""

    id: str
    folder_id: str
    folder_name: str
    inviter: str
    invitee: str
    permission: Permission
    created_at: datetime


class FolderShares:
    """Who may use which folder, besides its owner and its group."""

    def __init__(self, directory: Directory, caller: Caller) -> None:
        self.directory = directory
        self.caller = caller

    def share(self, folder: Folder, emails: Sequence[str], permission: Permission) -> list[str]:
        """Let users use a folder at once; returns their e-mails. Raises `NotFoundError`."""
        users = self._users(emails)
        with self.directory.write() as rows:
            for user_id in users:
                rows.execute(
                    "INSERT OR REPLACE INTO folder_share VALUES (?, ?, ?)",
                    (folder.id, user_id, permission.value),
                )
        return list(users.values())

    def unshare(self, folder: Folder, emails: Sequence[str]) -> list[str]:
        """Take that back; returns the e-mails of those it was shared with."""
        users = self._users(emails)
        ended = []
        with self.directory.write() as rows:
            for user_id, email in users.items():
                count = rows.execute(
                    "DELETE FROM folder_share WHERE folder_id = ? AND user_id = ?",
                    (folder.id, user_id),
                ).rowcount
                rows.execute(
                    "DELETE FROM folder_invitation WHERE folder_id = ? AND invitee = ?",
                    (folder.id, email),
                )
                ended += [email] if count else []
        if not ended:
            raise NotFoundError(
                f"folder {folder.name!r} is shared with none of {', '.join(users.values())}"
            )
        return ended

    def leave(self, folder: Folder, user_id: str | None = None) -> None:
        """End a share from the other side; raises `UsageError` when there is none."""
        with self.directory.write() as rows:
            count = rows.execute(
                "DELETE FROM folder_share WHERE folder_id = ? AND user_id = ?",
                (folder.id, user_id or self.caller.user_id),
            ).rowcount
        if not count:
            raise UsageError(f"folder {folder.name!r} is not shared with that user")

    def invite(self, folder: Folder, emails: Sequence[str], permission: Permission) -> list[str]:
        """Offer users to share a folder; returns the e-mails of those who were not before."""
        users = self._users(emails)
        if self.caller.user_id in users:
            raise UsageError("you cannot invite yourself")
        invited = []
        with self.directory.write() as rows:
            for user_id, email in users.items():
                if rows.execute(
                    "SELECT 1 FROM folder_share WHERE folder_id = ? AND user_id = ?",
                    (folder.id, user_id),
                ).fetchone():
                    continue
                rows.execute(
                    "INSERT OR REPLACE INTO folder_invitation VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        uuid.uuid4().hex,
                        folder.id,
                        self.caller.user_email,
                        email,
                        permission.value,
                        time.time(),
                    ),
                )
                invited.append(email)
        if not invited:
            raise ConflictError(f"folder {folder.name!r} is shared with them already")
        return invited

    def received(self) -> list[Invitation]:
        """Return the invitations that the caller has to answer, oldest first."""
        return self._invitations("i.invitee = ?", self.caller.user_email)

    def sent(self) -> list[Invitation]:
        """Return the invitations of the caller's that were not answered, oldest first."""
        return self._invitations("i.inviter = ?", self.caller.user_email)

    def accept(self, invitation: Invitation) -> None:
        """Share the folder as it was offered; raises `NotFoundError` when it was taken back."""
        with self.directory.write() as rows:
            gone = rows.execute("DELETE FROM folder_invitation WHERE id = ?", (invitation.id,))
            if not gone.rowcount:
                raise NotFoundError(f"the invitation {invitation.id} was taken back")
            rows.execute(
                "INSERT OR REPLACE INTO folder_share VALUES (?, ?, ?)",
                (invitation.folder_id, self.caller.user_id, invitation.permission.value),
            )

    def forget(self, invitation: Invitation) -> None:
        """Refuse an invitation, or take one back."""
        with self.directory.write() as rows:
            rows.execute("DELETE FROM folder_invitation WHERE id = ?", (invitation.id,))

    def shared_with(self, folder: Folder) -> list[tuple[str, Permission]]:
        """Return the e-mails of those a folder is shared with, and what they may do."""
        found = self.directory.rows(
            "SELECT u.email, s.permission FROM folder_share s JOIN user u ON u.id = s.user_id"
            " WHERE s.folder_id = ? ORDER BY u.email",
            folder.id,
        )
        return [(str(email), Permission(permission)) for email, permission in found]

    def _invitations(self, where: str, value: str) -> list[Invitation]:
        found = self.directory.rows(
            f"{_INVITATIONS} AND {where} ORDER BY i.created_at, i.id", value
        )
        return [_invitation(row) for row in found]

    def _users(self, emails: Sequence[str]) -> dict[str, str]:
        """Return the users of those e-mails, by id; raises `NotFoundError` for an unknown one."""
        users = {}
        for email in emails:
            found = self.directory.rows(
                "SELECT id, email FROM user WHERE email = ? AND domain = ? AND is_active",
                email,
                self.caller.domain,
            )
            if not found:
                raise NotFoundError(f"there is no user {email!r} in domain {self.caller.domain!r}")
            users[str(found[0][0])] = str(found[0][1])
        return users


def _invitation(row: tuple[object, ...]) -> Invitation:
    ident, folder, name, inviter, invitee, permission, created = cast(
        "tuple[str, str, str, str, str, str, float]", row
    )
    return Invitation(
        id=ident,
        folder_id=folder,
        folder_name=name,
        inviter=inviter,
        invitee=invitee,
        permission=Permission(permission),
        created_at=datetime.fromtimestamp(created, UTC),
    )
