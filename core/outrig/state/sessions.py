"""Sessions and what was applied to them, in the database."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

from outrig.errors import ConflictError
from outrig.model.node import FOR_EVER
from outrig.model.session import Session
from outrig.state.records import decode, encode
from outrig.state.text import storable

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.model.snapshot import SnapshotInfo
    from outrig.state.database import Database

_VALUES = "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A snapshot that was put on a session, and when (UTC)."""

    time: datetime
    snapshot_id: str
    name: str
    digest: str
    created_at: datetime


class Sessions:
    """The table of sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, session: Session) -> None:
        """Record a new session; raises `ConflictError` when a live one has its name."""
        try:
            with self._database.write() as rows:
                rows.execute(f"INSERT INTO session {_VALUES}", _row(session))
        except sqlite3.IntegrityError as err:
            raise ConflictError(f'session "{session.name}" exists already') from err

    def change(self, session_id: str, change: Callable[[Session], Session]) -> Session:
        """Replace a session's record by what `change` makes of it, in one transaction."""
        with self._database.write() as rows:
            found = rows.execute(
                "SELECT record FROM session WHERE id = ?", (session_id,)
            ).fetchone()
            session = change(decode(found[0], Session))
            rows.execute(f"INSERT OR REPLACE INTO session {_VALUES}", _row(session))
        return session

    def get(self, session_id: str) -> Session | None:
        """Return the session of that id."""
        return next(iter(self._select("WHERE id = ?", session_id)), None)

    def live(self, project_id: str, name: str) -> Session | None:
        """Return the session of that name that has not ended."""
        found = self._select("WHERE project_id = ? AND name = ? AND NOT ended", project_id, name)
        return next(iter(found), None)

    def select(self, project_id: str | None = None, *, ended: bool = False) -> list[Session]:
        """Return sessions, newest first: of one project or all, with the ended ones or without."""
        where = "WHERE (project_id = ?1 OR ?1 IS NULL) AND (NOT ended OR ?2) ORDER BY id DESC"
        return self._select(where, project_id, ended)

    def apply(self, session_id: str, info: SnapshotInfo, time: datetime) -> None:
        """Record that a snapshot was put on a session."""
        row = (session_id, time.isoformat(), info.id, info.name, info.digest)
        with self._database.write() as rows:
            rows.execute(
                "INSERT INTO applied VALUES (?, ?, ?, ?, ?, ?)", (*row, info.created_at.isoformat())
            )

    def applied(self, session_id: str) -> list[Applied]:
        """Return the snapshots put on a session, oldest first."""
        found = self._database.read(
            "SELECT time, snapshot_id, name, digest, created_at FROM applied"
            " WHERE session_id = ? ORDER BY rowid",
            session_id,
        )
        return [
            Applied(
                time=datetime.fromisoformat(str(time)),
                snapshot_id=str(snapshot_id),
                name=str(name),
                digest=str(digest),
                created_at=datetime.fromisoformat(str(created_at)),
            )
            for time, snapshot_id, name, digest, created_at in found
        ]

    def using(self, snapshot_id: str) -> list[Session]:
        """Return the live sessions a snapshot was put on."""
        return self._select(
            "WHERE NOT ended AND id IN (SELECT session_id FROM applied WHERE snapshot_id = ?)",
            snapshot_id,
        )

    def _select(self, where: str, *values: object) -> list[Session]:
        found = self._database.read(f"SELECT record FROM session {where}", *values)  # noqa: S608
        return [decode(cast("bytes", row[0]), Session) for row in found]


def _row(session: Session) -> tuple[object, ...]:
    return (
        session.id,
        session.project_id,
        session.name,
        session.state.value,
        session.state.ended,
        session.used_at.isoformat(),
        session.created_at.isoformat(),
        session.provider,
        session.project_name,
        storable(str(session.project_root)),
        session.snapshot_id,
        session.error,
        session.lifetime != FOR_EVER,
        encode(session),
        _cloud(session),
    )


def _cloud(session: Session) -> str | None:
    """Return what listings show of nodes that were made for a session; `None` of all others."""
    made = [node.data for node in session.nodes if node.data.get("type")]
    if not made:
        return None
    kinds = Counter(f"{one['type']}{' spot' if one.get('spot') else ''}" for one in made)
    types = [f"{count} {kind}" if count > 1 else kind for kind, count in kinds.items()]
    since = session.billed_since
    return json.dumps(
        {
            "zone": ", ".join(dict.fromkeys(one.get("zone", "") for one in made)),
            "type": ", ".join(types),
            "usd_per_hour": session.usd_per_hour,
            "spent_usd": session.spent_usd,
            "billed_since": None if since is None else since.isoformat(),
        }
    )
