"""Events in the database: numbered, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, cast

from outrig.model.session import Event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig.state.database import Database


class Events:
    """The table of events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        session_id: str,
        kind: str,
        message: str,
        *,
        time: datetime,
        run_id: str | None = None,
        duration_s: float | None = None,
    ) -> Event:
        """Record an event and return it with its number."""
        with self._database.write() as rows:
            number = rows.execute(
                "INSERT INTO event (time, session_id, kind, message, run_id, duration_s)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (time.isoformat(), session_id, kind, message, run_id, duration_s),
            ).lastrowid
        return Event(
            number=number or 0,
            time=time,
            session_id=session_id,
            kind=kind,
            message=message,
            run_id=run_id,
            duration_s=duration_s,
        )

    def add_of_runs(
        self, session_id: str, kind: str, messages: Mapping[str, str], *, time: datetime
    ) -> list[Event]:
        """Record an event for each run, by its id, at once, and return them with their numbers."""
        events = []
        with self._database.write() as rows:
            for run_id, message in messages.items():
                number = rows.execute(
                    "INSERT INTO event (time, session_id, kind, message, run_id)"
                    " VALUES (?, ?, ?, ?, ?)",
                    (time.isoformat(), session_id, kind, message, run_id),
                ).lastrowid
                events.append(
                    Event(
                        number=number or 0,
                        time=time,
                        session_id=session_id,
                        kind=kind,
                        message=message,
                        run_id=run_id,
                    )
                )
        return events

    def of_session(self, session_id: str, after: int = 0) -> list[Event]:
        """Return a session's events with a number above `after`, in order."""
        found = self._database.read(
            "SELECT number, time, kind, message, run_id, duration_s FROM event"
            " WHERE session_id = ? AND number > ? ORDER BY number",
            session_id,
            after,
        )
        return [
            Event(
                number=cast("int", number),
                time=datetime.fromisoformat(str(time)),
                session_id=session_id,
                kind=str(kind),
                message=str(message),
                run_id=cast("str | None", run_id),
                duration_s=cast("float | None", duration_s),
            )
            for number, time, kind, message, run_id, duration_s in found
        ]
