"""Keypairs: by which a user is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrig_backendai.directory.database import Directory

_COLUMNS = "access_key, secret_key, user_id, policy, is_active, is_admin, created_at, last_used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keypair:
    """One keypair; times are ISO texts in UTC."""

    access_key: str
    secret_key: str
    user_id: str
    policy: str
    is_active: bool
    is_admin: bool
    created_at: str
    last_used: str | None


class Keypairs:
    """The table of keypairs."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def get(self, access_key: str) -> Keypair | None:
        """Return the keypair of that access key."""
        found = self._select("WHERE access_key = ?", access_key)
        return next(iter(found), None)

    def first(self) -> Keypair:
        """Return the keypair that is used where none is named: the oldest active one."""
        return self._select("WHERE is_active ORDER BY created_at, access_key LIMIT 1")[0]

    def all(self) -> list[Keypair]:
        """Return all keypairs, oldest first."""
        return self._select("ORDER BY created_at, access_key")

    def _select(self, where: str, *values: object) -> list[Keypair]:
        found = self._directory.rows(f"SELECT {_COLUMNS} FROM keypair {where}", *values)  # noqa: S608
        return [_keypair(*map(str, row[:7]), last_used=row[7]) for row in found]


def _keypair(
    access_key: str,
    secret_key: str,
    user_id: str,
    policy: str,
    is_active: str,
    is_admin: str,
    created_at: str,
    *,
    last_used: object,
) -> Keypair:
    return Keypair(
        access_key=access_key,
        secret_key=secret_key,
        user_id=user_id,
        policy=policy,
        is_active=is_active == "1",
        is_admin=is_admin == "1",
        created_at=created_at,
        last_used=None if last_used is None else str(last_used),
    )
