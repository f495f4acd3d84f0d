"""What differs between two snapshots."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from outrig.model.snapshot import Entry, EntryKind

if TYPE_CHECKING:
    from collections.abc import Collection

    from outrig.model.snapshot import SnapshotReader


class ChangeKind(Enum):
    """How a path differs."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MODE = "mode"
    """Only whether it is executable."""
    TYPE = "type"
    """A file became a directory or a link, or the other way round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One path that differs; `old` and `new` are its entries where it is there."""

    path: str
    kind: ChangeKind
    old: Entry | None = None
    new: Entry | None = None


def _below(entries: Collection[Entry], under: str | None) -> dict[str, Entry]:
    if not under or under.strip("/") in ("", "."):
        return {entry.path: entry for entry in entries}
    top = posixpath.normpath("/" + under).strip("/")
    return {
        entry.path: entry
        for entry in entries
        if entry.path == top or entry.path.startswith(top + "/")
    }


def _compare(path: str, old: Entry, new: Entry) -> Change | None:
    if old.kind is not new.kind:
        kind = ChangeKind.TYPE
    elif old.chunks != new.chunks or old.target != new.target or old.size_bytes != new.size_bytes:
        kind = ChangeKind.CHANGED
    elif old.executable != new.executable:
        kind = ChangeKind.MODE
    else:
        return None
    return Change(path=path, kind=kind, old=old, new=new)


def diff(old: SnapshotReader, new: SnapshotReader, under: str | None = None) -> tuple[Change, ...]:
    """Return what differs, sorted by path, restricted to `under` (a file or a directory).

    Directories count where they are empty on one side only by being there; times do not count.
    """
    if old.info.digest == new.info.digest:
        return ()
    before, after = _below(old.entries(), under), _below(new.entries(), under)
    changes = []
    for path in sorted(before.keys() | after.keys()):
        was, now = before.get(path), after.get(path)
        if was is None:
            changes.append(Change(path=path, kind=ChangeKind.ADDED, new=now))
        elif now is None:
            changes.append(Change(path=path, kind=ChangeKind.REMOVED, old=was))
        elif (change := _compare(path, was, now)) is not None:
            changes.append(change)
    return tuple(one for one in changes if not _is_implied(one, before, after))


def _is_implied(change: Change, before: dict[str, Entry], after: dict[str, Entry]) -> bool:
    """Say whether it is a directory that comes or goes with what is in it."""
    entry = change.old or change.new
    both = change.old is not None and change.new is not None
    if both or entry is None or entry.kind is not EntryKind.DIRECTORY:
        return False
    side = before if change.old else after
    prefix = change.path + "/"
    return any(path.startswith(prefix) for path in side)
