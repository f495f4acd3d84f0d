"""Which snapshots a rule keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from outrig.model.snapshot import SnapshotInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Keep a snapshot if it is among the newest `last` of its project or younger than `within_s`.

    `within_s` is in seconds; what is `None` keeps nothing by itself. A rule of nothing keeps all.
    """

    last: int | None = None
    within_s: float | None = None


def superfluous(
    snapshots: Sequence[SnapshotInfo], rule: Retention, now: datetime, used: Collection[str]
) -> tuple[SnapshotInfo, ...]:
    """Return what a rule does not keep, of snapshots in any order; never one whose id is `used`."""
    if rule.last is None and rule.within_s is None:
        return ()
    seen: dict[str, int] = {}
    found = []
    for one in sorted(snapshots, key=lambda one: (one.created_at, one.id), reverse=True):
        newer = seen.get(one.project_id, 0)
        seen[one.project_id] = newer + 1
        recent = rule.last is not None and newer < rule.last
        age_s = (now - one.created_at).total_seconds()
        young = rule.within_s is not None and age_s < rule.within_s
        if not (recent or young or one.id in used):
            found.append(one)
    return tuple(found)
