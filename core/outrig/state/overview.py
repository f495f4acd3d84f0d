"""What listings show of sessions, read from the database alone.

Reading whole records needs msgspec and the model, whose import would cost a listing more time than
all the rest; so this reads columns.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, cast

from outrig.state.text import restored

if TYPE_CHECKING:
    from outrig.state.database import Database

_QUERY = """
    SELECT id, name, state, ended, provider, project_name, root, created_at, used_at, snapshot_id,
        error, limited, cloud,
        (SELECT script FROM run WHERE session_id = session.id AND NOT run.ended
            AND json_extract(CAST(run.record AS TEXT), '$.beside') IS NOT 1
            ORDER BY run.id DESC LIMIT 1),
        (SELECT count(*) FROM run WHERE session_id = session.id AND NOT run.ended)
    FROM session WHERE (project_id = ?1 OR ?1 IS NULL) AND (NOT ended OR ?2) ORDER BY id DESC
"""


class CloudNodes(NamedTuple):
    """What there is to say of nodes that were made for a session, as far as it is known."""

    zone: str = ""
    type: str = ""
    usd_per_hour: float | None = None
    spent_usd: float = 0.0
    billed_since: str | None = None

    def usd(self, now: datetime) -> float | None:
        """Return what they have cost so far, `None` where no price is known."""
        if self.usd_per_hour is None:
            return self.spent_usd or None
        if self.billed_since is None:
            return self.spent_usd
        past = now - datetime.fromisoformat(self.billed_since)
        return self.spent_usd + self.usd_per_hour * max(0.0, past.total_seconds()) / 3600.0


class SessionSummary(NamedTuple):
    """One session as listings show it. `state` is the name of a `SessionState`, times are UTC.

    `limited` tells that its nodes end it by themselves one day.
    """

    id: str
    name: str
    state: str
    ended: bool
    provider: str
    project_name: str
    root: str
    created_at: datetime
    used_at: datetime
    snapshot_id: str | None
    error: str | None
    limited: bool
    cloud: CloudNodes | None
    script: str | None
    unfinished_runs: int


def overview(
    database: Database, project_id: str | None, *, ended: bool = False
) -> list[SessionSummary]:
    """Return the sessions of a project (`None`: of all), newest first."""
    return [_summary(row) for row in database.read(_QUERY, project_id, ended)]


def last_used(sessions: list[SessionSummary]) -> SessionSummary | None:
    """Return the session that commands use when none is named."""
    live = [one for one in sessions if not one.ended]
    return max(live, key=lambda one: (one.used_at, one.id), default=None)


def unfinished_sweeps(database: Database) -> bool:
    """Tell whether any sweep has not ended."""
    return bool(database.read("SELECT 1 FROM sweep WHERE NOT ended LIMIT 1"))


def _summary(row: tuple[object, ...]) -> SessionSummary:
    return SessionSummary(
        id=str(row[0]),
        name=str(row[1]),
        state=str(row[2]),
        ended=bool(row[3]),
        provider=str(row[4]),
        project_name=str(row[5]),
        root=restored(str(row[6])),
        created_at=datetime.fromisoformat(str(row[7])),
        used_at=datetime.fromisoformat(str(row[8])),
        snapshot_id=cast("str | None", row[9]),
        error=cast("str | None", row[10]),
        limited=bool(row[11]),
        cloud=None if row[12] is None else CloudNodes(**json.loads(str(row[12]))),
        script=None if row[13] is None else restored(str(row[13])),
        unfinished_runs=cast("int", row[14]),
    )
