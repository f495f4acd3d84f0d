"""Domains, groups and users, and who is a member of which group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError

if TYPE_CHECKING:
    from outrig_backendai.directory.database import Directory


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One user; `role` is `superadmin`, `admin` (of the domain), `user` or `monitor`."""

    id: str
    email: str
    name: str
    domain: str
    role: str
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UserGroup:
    """One group (project) of a domain."""

    id: str
    domain: str
    name: str
    is_active: bool


class Members:
    """The tables of domains, groups, users and memberships."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def user(self, user_id: str) -> User:
        """Return the user of that id; raises `NotFoundError`."""
        found = self._users("WHERE id = ?", user_id)
        if not found:
            raise NotFoundError(f"there is no user {user_id}")
        return found[0]

    def user_of(self, email: str) -> User | None:
        """Return the user of that e-mail address."""
        return next(iter(self._users("WHERE email = ?", email)), None)

    def groups_of(self, user_id: str) -> list[UserGroup]:
        """Return the groups that a user is a member of, by name."""
        return self._groups(
            "JOIN membership ON group_id = id WHERE user_id = ? ORDER BY domain, name", user_id
        )

    def group(self, domain: str, name: str) -> UserGroup | None:
        """Return a group by its name, or id, in a domain."""
        found = self._groups("WHERE domain = ? AND (name = ? OR id = ?)", domain, name, name)
        return next(iter(found), None)

    def has_domain(self, name: str) -> bool:
        """Tell whether there is an active domain of that name."""
        rows = self._directory.rows("SELECT 1 FROM domain WHERE name = ? AND is_active", name)
        return bool(rows)

    def is_member(self, group_id: str, user_id: str) -> bool:
        """Tell whether a user is a member of a group."""
        rows = self._directory.rows(
            "SELECT 1 FROM membership WHERE group_id = ? AND user_id = ?", group_id, user_id
        )
        return bool(rows)

    def _users(self, where: str, *values: object) -> list[User]:
        found = self._directory.rows(
            f"SELECT id, email, name, domain, role, is_active FROM user {where}",  # noqa: S608
            *values,
        )
        return [
            User(
                id=str(ident),
                email=str(email),
                name=str(name),
                domain=str(domain),
                role=str(role),
                is_active=bool(is_active),
            )
            for ident, email, name, domain, role, is_active in found
        ]

    def _groups(self, where: str, *values: object) -> list[UserGroup]:
        found = self._directory.rows(
            f"SELECT id, domain, name, is_active FROM user_group {where}",  # noqa: S608
            *values,
        )
        return [
            UserGroup(id=str(ident), domain=str(domain), name=str(name), is_active=bool(active))
            for ident, domain, name, active in found
        ]
