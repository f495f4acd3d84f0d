"""Compute sessions in the directory. Every change of status is possible only as a table says."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import msgspec

from outrig.errors import ConflictError, NotFoundError
from outrig_backendai.compute.happenings import record_change
from outrig_backendai.compute.record import ComputeSession, SessionStatus
from outrig_backendai.compute.states import may_become

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from outrig_backendai.directory.database import Directory

_VALUES = "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_decoder = msgspec.json.Decoder(ComputeSession)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFilter:
    """Which sessions to select: of an access key, in one of some states; `None` means any."""

    access_key: str | None = None
    statuses: Collection[SessionStatus] | None = None


class Sessions:
    """The table of sessions."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def add(self, session: ComputeSession) -> None:
        """Record a new session; raises `ConflictError` when a live one of its owner has its name.

        It comes last in the queue.
        """
        with self._directory.write() as rows:
            self.add_in(rows, session)

    def add_in(self, rows: Connection, session: ComputeSession) -> None:
        """Record a new session in a transaction."""
        number = rows.execute("SELECT coalesce(max(number), 0) + 1 FROM session").fetchone()[0]
        try:
            rows.execute(f"INSERT INTO session {_VALUES}", _row(session, number))
        except sqlite3.IntegrityError as err:
            raise ConflictError(f'session "{session.name}" exists already') from err
        record_change(rows, None, session)

    def get(self, session_id: str) -> ComputeSession | None:
        """Return the session of that id."""
        return next(iter(self._select("WHERE id = ?", session_id)), None)

    def now(self, session: ComputeSession) -> ComputeSession:
        """Return a session as it is recorded now; raises `NotFoundError` if it is no more."""
        found = self.get(session.id)
        if found is None:
            raise NotFoundError(f"session {session.id} is not recorded any more")
        return found

    def live(self, access_key: str, name: str) -> ComputeSession | None:
        """Return an owner's session of that name that is neither over nor in ERROR."""
        found = self._select("WHERE access_key = ? AND name = ? AND live", access_key, name)
        return next(iter(found), None)

    def select(self, wanted: SessionFilter | None = None) -> list[ComputeSession]:
        """Return sessions, those that changed last first."""
        wanted = wanted or SessionFilter()
        statuses = list(SessionStatus) if wanted.statuses is None else list(wanted.statuses)
        marks = ", ".join("?" * len(statuses))
        return self._select(
            f"WHERE status IN ({marks}) AND (access_key = ? OR ? IS NULL)"
            " ORDER BY changed_at DESC, number DESC",
            *(one.value for one in statuses),
            wanted.access_key,
            wanted.access_key,
        )

    def queue(self) -> list[ComputeSession]:
        """Return the sessions that wait, in the order in which they came."""
        return self._select("WHERE status = ? ORDER BY number", SessionStatus.PENDING.value)

    def waiting(self) -> list[str]:
        """Return the ids of the sessions that wait, in the order in which they came."""
        rows = self._directory.rows(
            "SELECT id FROM session WHERE status = ? ORDER BY number", SessionStatus.PENDING.value
        )
        return [str(row[0]) for row in rows]

    def dependent(self) -> list[ComputeSession]:
        """Return the sessions that wait for others to succeed."""
        return self._select(
            'WHERE status = ? AND instr(record, CAST(\'"depends":["\' AS BLOB)) ORDER BY number',
            SessionStatus.PENDING.value,
        )

    def holding(self) -> list[ComputeSession]:
        """Return the sessions that hold slots."""
        states = [one.value for one in SessionStatus if one.holds]
        marks = ", ".join("?" * len(states))
        return self._select(f"WHERE status IN ({marks}) ORDER BY number", *states)

    def count(self, statuses: Collection[SessionStatus]) -> int:
        """Return how many sessions are in one of some states."""
        marks = ", ".join("?" * len(statuses))
        rows = self._directory.rows(
            f"SELECT count(*) FROM session WHERE status IN ({marks})",  # noqa: S608
            *(one.value for one in statuses),
        )
        return int(str(rows[0][0]))

    def change(
        self, session_id: str, change: Callable[[ComputeSession], ComputeSession]
    ) -> ComputeSession:
        """Replace a session's record by what `change` makes of it, in one transaction.

        Raises `ConflictError` for a change of status that is not possible.
        """
        with self._directory.write() as rows:
            return self.change_in(rows, session_id, change)

    def change_in(
        self,
        rows: Connection,
        session_id: str,
        change: Callable[[ComputeSession], ComputeSession],
    ) -> ComputeSession:
        """Replace a session's record within a transaction."""
        found = rows.execute(
            "SELECT record, number FROM session WHERE id = ?", (session_id,)
        ).fetchone()
        before = _decoder.decode(found[0])
        now = change(before)
        if not may_become(before.status, now.status):
            raise ConflictError(
                f'session "{before.name}" is {before.status.value}: it cannot become '
                f"{now.status.value}"
            )
        try:
            rows.execute(_UPDATE, _row_update(now))
        except sqlite3.IntegrityError as err:
            raise ConflictError(f'session "{now.name}" exists already') from err
        record_change(rows, before, now)
        return now

    def _select(self, where: str, *values: object) -> list[ComputeSession]:
        found = self._directory.rows(f"SELECT record FROM session {where}", *values)  # noqa: S608
        return [_decoder.decode(cast("bytes", row[0])) for row in found]


_UPDATE = (
    "UPDATE session SET name = ?, status = ?, live = ?, changed_at = ?, record = ? WHERE id = ?"
)


def _row(session: ComputeSession, number: int) -> tuple[object, ...]:
    return (
        session.id,
        number,
        session.name,
        session.access_key,
        session.status.value,
        session.status.live,
        session.status_changed.isoformat(),
        session.created_at.isoformat(),
        msgspec.json.encode(session),
    )


def _row_update(session: ComputeSession) -> tuple[object, ...]:
    return (
        session.name,
        session.status.value,
        session.status.live,
        session.status_changed.isoformat(),
        msgspec.json.encode(session),
        session.id,
    )
