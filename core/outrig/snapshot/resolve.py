"""From what the user calls a snapshot to the one snapshot that is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from outrig.errors import NotFoundError
from outrig.model.snapshot import SnapshotInfo, SnapshotQuery

if TYPE_CHECKING:
    from outrig.interfaces import Context

_ID_PREFIX = 6


class ListHook(Protocol):
    """The hook `list_snapshots` of the chosen store."""

    def __call__(self, query: SnapshotQuery, context: Context) -> tuple[SnapshotInfo, ...]:
        """List snapshots, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The snapshot that is meant, and the older ones with the same name."""

    info: SnapshotInfo
    others: tuple[SnapshotInfo, ...] = ()


def resolve(
    name: str, project_id: str | None, list_snapshots: ListHook, context: Context
) -> Resolved:
    """Return the newest snapshot of that name, else the one whose id begins so.

    An id is found whatever its project; a prefix of one needs at least six characters. Raises
    `NotFoundError`, also when a prefix fits several.
    """
    named = list_snapshots(SnapshotQuery(project_id=project_id, name=name), context)
    if named:
        return Resolved(info=named[0], others=named[1:])
    if len(name) >= _ID_PREFIX and name.isalnum():
        found = list_snapshots(SnapshotQuery(id=name, limit=2), context)
        if len(found) > 1:
            raise NotFoundError(
                f'several snapshots have an id that begins with "{name}"',
                hint="give more of it: outrig snapshot list",
            )
        if found:
            return Resolved(info=found[0])
    raise NotFoundError(f"No snapshots found with name {name}", hint="see: outrig snapshot list")
