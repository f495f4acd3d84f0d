"""Records of folders: what they are called, whose they are and where their files are kept."""

from __future__ import annotations

import re
import sqlite3
import time
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, cast

from outrig.errors import ConflictError, NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig_backendai.directory.database import Directory
    from outrig_backendai.directory.identity import Caller

_NAME = re.compile(r"\.?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9_])?")
_MINE = (
    "domain = ? AND (owner_id = ? OR (owner_id IS NULL AND group_name IN ("
    "SELECT g.name FROM user_group g JOIN membership m ON m.group_id = g.id"
    " WHERE m.user_id = ? AND g.domain = folder.domain))"
    " OR id IN (SELECT folder_id FROM folder_share WHERE user_id = ?))"
)


class Permission(Enum):
    """What may be done with a folder: each includes those before it."""

    READ = "ro"
    WRITE = "rw"
    DELETE = "wd"

    def allows(self, wanted: Permission) -> bool:
        """Tell whether this is at least `wanted`."""
        order = list(Permission)
        return order.index(self) >= order.index(wanted)


class UsageMode(Enum):
    """What a folder is for; only listings say so."""

    GENERAL = "general"
    DATA = "data"
    MODEL = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """One folder, as one caller sees it.

    `owner_id` is `None` for a group's folder; `quota_bytes` 0 is no quota. `unmanaged_path` is a
    directory of the user's own that the folder stands for. `permission` is the folder's own,
    `granted` what the caller may do, and `owned` tells whether the caller may change the folder
    itself.
    """

    id: str
    name: str
    host: str
    domain: str
    owner_id: str | None
    owner_email: str
    group: str | None
    usage_mode: UsageMode
    permission: Permission
    quota_bytes: int
    cloneable: bool
    unmanaged_path: str | None
    created_at: datetime
    trashed_at: datetime | None = None
    granted: Permission = Permission.READ
    owned: bool = False

    @property
    def kind(self) -> str:
        """Whose it is: `user` or `group`."""
        return "user" if self.group is None else "group"

    @property
    def status(self) -> str:
        """How it stands: `ready`, or in the trash."""
        return "ready" if self.trashed_at is None else "delete-pending"

    @property
    def in_every_session(self) -> bool:
        """Tell whether it is mounted without being asked for."""
        return self.name.startswith(".")


def checked_name(name: str) -> str:
    """Return a folder's name; raises `UsageError` for what cannot be one."""
    if _NAME.fullmatch(name) is None:
        raise UsageError(
            f"{name!r} cannot be a folder's name",
            hint="letters, digits, . - and _, at most 64, the last one a letter, digit or _",
        )
    return name


class Folders:
    """The folders that one caller can see."""

    def __init__(self, directory: Directory, caller: Caller) -> None:
        self.directory = directory
        self.caller = caller

    def add(self, wanted: Folder) -> Folder:
        """Record a folder; raises `ConflictError` when the caller has one of that name."""
        self._check_free(wanted.name)
        values = _values(wanted)
        marks = ", ".join("?" * len(values))
        try:
            with self.directory.write() as rows:
                rows.execute(f"INSERT INTO folder VALUES ({marks})", values)  # noqa: S608 - marks
        except sqlite3.IntegrityError as err:
            raise _taken(wanted.name) from err
        return self.seen(wanted)

    def select(self, *, everyone: bool = False, trashed: bool | None = False) -> list[Folder]:
        """Return the folders by name: those the caller may use, or with `everyone` all.

        `trashed` chooses those in the trash, `None` both.
        """
        where = "1" if everyone else _MINE
        if trashed is not None:
            where += f" AND trashed_at IS {'NOT' if trashed else ''} NULL"
        who = self.caller
        values = () if everyone else (who.domain, who.user_id, who.user_id, who.user_id)
        rows = self.directory.rows(
            f"SELECT * FROM folder WHERE {where} ORDER BY name, created_at",  # noqa: S608 - ours
            *values,
        )
        return [self.seen(_folder(row)) for row in rows]

    def find(self, reference: str, *, trashed: bool = False) -> Folder:
        """Return the folder of that name or id; own ones come before groups' and others'.

        Raises `NotFoundError`.
        """
        found = self.select(trashed=trashed)
        named = [one for one in found if one.name == reference]
        named.sort(key=lambda one: (one.owner_id != self.caller.user_id, one.group is None))
        matches = named or [one for one in found if one.id == reference.replace("-", "").lower()]
        if not matches:
            raise self._missing(reference, found, trashed=trashed)
        return matches[0]

    def change(self, folder: Folder) -> Folder:
        """Write a folder's record anew; raises `ConflictError` when its new name is taken."""
        try:
            with self.directory.write() as rows:
                rows.execute(
                    "UPDATE folder SET name = ?, permission = ?, quota_bytes = ?, cloneable = ?,"
                    " trashed_at = ? WHERE id = ?",
                    (
                        folder.name,
                        folder.permission.value,
                        folder.quota_bytes,
                        folder.cloneable,
                        None if folder.trashed_at is None else folder.trashed_at.timestamp(),
                        folder.id,
                    ),
                )
        except sqlite3.IntegrityError as err:
            raise _taken(folder.name) from err
        return self.seen(folder)

    def rename(self, folder: Folder, name: str) -> Folder:
        """Give a folder another name; raises `ConflictError` when the caller sees one so named."""
        self._check_free(checked_name(name))
        return self.change(replace(folder, name=name))

    def remove(self, folder: Folder) -> None:
        """Forget a folder, who it is shared with and who was invited."""
        with self.directory.write() as rows:
            rows.execute("DELETE FROM folder_share WHERE folder_id = ?", (folder.id,))
            rows.execute("DELETE FROM folder_invitation WHERE folder_id = ?", (folder.id,))
            rows.execute("DELETE FROM folder WHERE id = ?", (folder.id,))

    def owned_count(self) -> int:
        """Return how many folders the caller has, those in the trash not counted."""
        found = self.directory.rows(
            "SELECT count(*) FROM folder WHERE owner_id = ? AND trashed_at IS NULL",
            self.caller.user_id,
        )
        return int(str(found[0][0]))

    def seen(self, folder: Folder) -> Folder:
        """Return a folder with what the caller may do with it."""
        caller = self.caller
        if folder.owner_id == caller.user_id:
            return replace(folder, granted=_own(folder.permission), owned=True)
        if folder.group is not None and caller.is_superadmin:
            return replace(folder, granted=_own(folder.permission), owned=True)
        shared = self._shared(folder)
        read_only = folder.permission is Permission.READ
        granted = Permission.READ if read_only else shared or folder.permission
        return replace(folder, granted=granted, owned=False)

    def _shared(self, folder: Folder) -> Permission | None:
        found = self.directory.rows(
            "SELECT permission FROM folder_share WHERE folder_id = ? AND user_id = ?",
            folder.id,
            self.caller.user_id,
        )
        return Permission(found[0][0]) if found else None

    def _check_free(self, name: str) -> None:
        if any(one.name == name for one in self.select()):
            raise _taken(name)

    def _missing(self, reference: str, found: Sequence[Folder], *, trashed: bool) -> NotFoundError:
        where = " in the trash" if trashed else ""
        names = ", ".join(sorted({one.name for one in found})) or "none"
        hint = f"folders{where}: {names}"
        if not trashed and any(one.name == reference for one in self.select(trashed=True)):
            hint = f"it is in the trash: outrig bai vfolder restore {reference}"
        return NotFoundError(f"there is no folder {reference!r}{where}", hint=hint)


def new_folder(name: str, host: str, caller: Caller, *, group: str | None = None) -> Folder:
    """Return a folder of the caller's, or of a group, that is not recorded yet."""
    return Folder(
        id=uuid.uuid4().hex,
        name=checked_name(name),
        host=host,
        domain=caller.domain,
        owner_id=None if group is not None else caller.user_id,
        owner_email=caller.user_email,
        group=group,
        usage_mode=UsageMode.GENERAL,
        permission=Permission.WRITE,
        quota_bytes=0,
        cloneable=False,
        unmanaged_path=None,
        created_at=datetime.fromtimestamp(time.time(), UTC),
        granted=Permission.DELETE,
        owned=True,
    )


def _own(permission: Permission) -> Permission:
    """Return what owners may do: all, unless they made the folder read-only."""
    return Permission.READ if permission is Permission.READ else Permission.DELETE


def _taken(name: str) -> ConflictError:
    return ConflictError(f"there is a folder {name!r} already", hint="see: outrig bai vfolder list")


def _values(folder: Folder) -> tuple[object, ...]:
    return (
        folder.id,
        folder.name,
        folder.host,
        folder.domain,
        folder.owner_id,
        folder.owner_email,
        folder.group,
        folder.usage_mode.value,
        folder.permission.value,
        folder.quota_bytes,
        folder.cloneable,
        folder.unmanaged_path,
        folder.created_at.timestamp(),
        None if folder.trashed_at is None else folder.trashed_at.timestamp(),
    )


def _folder(row: tuple[object, ...]) -> Folder:
    texts = cast("tuple[str, str, str, str, str | None, str, str | None, str, str]", row[:9])
    quota, cloneable, unmanaged, created, trashed = cast(
        "tuple[int, int, str | None, float, float | None]", row[9:]
    )
    return Folder(
        id=texts[0],
        name=texts[1],
        host=texts[2],
        domain=texts[3],
        owner_id=texts[4],
        owner_email=texts[5],
        group=texts[6],
        usage_mode=UsageMode(texts[7]),
        permission=Permission(texts[8]),
        quota_bytes=quota,
        cloneable=bool(cloneable),
        unmanaged_path=unmanaged,
        created_at=datetime.fromtimestamp(created, UTC),
        trashed_at=None if trashed is None else datetime.fromtimestamp(trashed, UTC),
    )
