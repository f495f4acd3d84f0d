"""Records of dotfiles: small files that every session begins with."""

from __future__ import annotations

import posixpath
import re
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from outrig.errors import AuthError, CapacityError, ConflictError, NotFoundError, UsageError

if TYPE_CHECKING:
    from outrig_backendai.directory.database import Directory
    from outrig_backendai.directory.identity import Caller

HOME = "/home/work"
DEFAULT_PERMISSION = "755"
MOST_BYTES = 64 * 1024
"""What the dotfiles of one owner may hold in all."""
_COLUMNS = "path, permission, data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dotfile:
    """A file that is put at `path` below `/home/work`; `permission` is octal, as `644`."""

    path: str
    permission: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose dotfiles: a keypair's (`user`), a `domain`'s, or a `group`'s of a domain."""

    kind: str
    owner: str


def scope_of(
    directory: Directory,
    caller: Caller,
    *,
    owner: str | None = None,
    domain: str | None = None,
    group: str | None = None,
) -> Scope:
    """Return whose dotfiles options name; raises `AuthError`, `NotFoundError`, `UsageError`."""
    if owner is not None and (domain is not None or group is not None):
        raise UsageError("dotfiles are an owner's, or a domain's or group's, not both")
    if owner is not None and owner != caller.access_key:
        _check_admin(caller, "other users' dotfiles")
        if directory.keypairs.get(owner) is None:
            raise NotFoundError(f"there is no keypair {owner}")
    if group is not None:
        found = directory.members.group(domain or caller.domain, group)
        if found is None:
            raise NotFoundError(f'there is no group "{group}" in domain {domain or caller.domain}')
        _check_admin(caller, "a group's dotfiles")
        return group_scope(found.domain, found.name)
    if domain is not None:
        _check_admin(caller, "a domain's dotfiles")
        if not directory.members.has_domain(domain):
            raise NotFoundError(f'there is no domain "{domain}"')
        return Scope(kind="domain", owner=domain)
    return Scope(kind="user", owner=owner or caller.access_key)


def group_scope(domain: str, group: str) -> Scope:
    """Return the scope of a group's dotfiles."""
    return Scope(kind="group", owner=f"{domain}/{group}")


def checked_path(path: str) -> str:
    """Return a dotfile's path, relative to `/home/work`; raises `UsageError` for another place."""
    whole = posixpath.normpath(posixpath.join(HOME, path.removeprefix("~/")))
    if not whole.startswith(f"{HOME}/") or "\0" in path or path.endswith("/"):
        raise UsageError(f"{path!r} is no file below {HOME}", hint="give a path as .bashrc")
    return whole[len(HOME) + 1 :]


def checked_permission(text: str) -> str:
    """Return a permission as three octal digits; raises `UsageError`."""
    found = re.fullmatch(r"(?:0o?)?([0-7]{3})", text)
    if found is None:
        raise UsageError(f"--perm {text!r} is no permission", hint="three octal digits: 644")
    return found[1]


class Dotfiles:
    """The dotfiles of one owner."""

    def __init__(self, directory: Directory, scope: Scope) -> None:
        self._directory = directory
        self._scope = scope

    def select(self) -> list[Dotfile]:
        """Return all of them, by path."""
        return self._select("ORDER BY path")

    def get(self, path: str) -> Dotfile:
        """Return the one at a path; raises `NotFoundError`."""
        found = self._select("AND path = ?", checked_path(path))
        if not found:
            paths = ", ".join(one.path for one in self.select()) or "none"
            raise NotFoundError(f"there is no dotfile {path!r}", hint=f"dotfiles: {paths}")
        return found[0]

    def add(self, dotfile: Dotfile) -> None:
        """Record a new one; raises `ConflictError` when there is one, `CapacityError`."""
        self._check_size(dotfile)
        try:
            with self._directory.write() as rows:
                rows.execute(
                    "INSERT INTO dotfile VALUES (?, ?, ?, ?, ?)",
                    (*self._key(), dotfile.path, dotfile.permission, dotfile.data),
                )
        except sqlite3.IntegrityError as err:
            raise ConflictError(
                f"there is a dotfile {dotfile.path!r} already",
                hint="change it: outrig bai dotfile update",
            ) from err

    def change(self, dotfile: Dotfile) -> None:
        """Write one anew; raises `NotFoundError`, `CapacityError`."""
        self.get(dotfile.path)
        self._check_size(dotfile)
        with self._directory.write() as rows:
            rows.execute(
                "UPDATE dotfile SET permission = ?, data = ?"
                " WHERE scope = ? AND owner = ? AND path = ?",
                (dotfile.permission, dotfile.data, *self._key(), dotfile.path),
            )

    def remove(self, path: str) -> Dotfile:
        """Forget one; raises `NotFoundError`."""
        found = self.get(path)
        with self._directory.write() as rows:
            rows.execute(
                "DELETE FROM dotfile WHERE scope = ? AND owner = ? AND path = ?",
                (*self._key(), found.path),
            )
        return found

    def _key(self) -> tuple[str, str]:
        return self._scope.kind, self._scope.owner

    def _check_size(self, dotfile: Dotfile) -> None:
        others = [len(one.data) for one in self.select() if one.path != dotfile.path]
        if sum(others) + len(dotfile.data) > MOST_BYTES:
            raise CapacityError(
                f"dotfiles may hold {MOST_BYTES >> 10} KiB in all",
                hint="put large files into a folder: outrig bai vfolder create",
            )

    def _select(self, where: str, *values: object) -> list[Dotfile]:
        found = self._directory.rows(
            f"SELECT {_COLUMNS} FROM dotfile WHERE scope = ? AND owner = ? {where}",  # noqa: S608
            *self._key(),
            *values,
        )
        rows = cast("list[tuple[str, str, bytes]]", found)
        return [Dotfile(path=path, permission=perm, data=data) for path, perm, data in rows]


def dotfiles_for(
    directory: Directory, access_key: str, domain: str, group: str
) -> tuple[Dotfile, ...]:
    """Return what a session begins with: its domain's, its group's over them, its owner's first."""
    scopes = (
        Scope(kind="domain", owner=domain),
        group_scope(domain, group),
        Scope(kind="user", owner=access_key),
    )
    found: dict[str, Dotfile] = {}
    for scope in scopes:
        found |= {one.path: one for one in Dotfiles(directory, scope).select()}
    return tuple(found.values())


def _check_admin(caller: Caller, what: str) -> None:
    if not caller.is_superadmin:
        raise AuthError(f"only administrators see and change {what}")
