"""What happened to compute sessions: numbered, never changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite3 import Connection

    from outrig_backendai.directory.database import Directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One event: its name (`session_started`), whose it is, and what is known of it."""

    number: int
    time: datetime
    session_id: str
    name: str
    kernel_id: str | None
    data: Mapping[str, object]

    @property
    def scope(self) -> str:
        """Whether it is about the session as a whole, or one of its containers."""
        return "session" if self.kernel_id is None else "kernel"


class Events:
    """The table of events."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def of_session(self, session_id: str, after: int = 0) -> list[Happened]:
        """Return a session's events with a number above `after`, in order."""
        found = self._directory.rows(
            "SELECT number, time, session_id, name, kernel_id, data FROM event"
            " WHERE session_id = ? AND number > ? ORDER BY number",
            session_id,
            after,
        )
        return [
            Happened(
                number=int(str(number)),
                time=datetime.fromisoformat(str(time)),
                session_id=str(session),
                name=str(name),
                kernel_id=None if kernel is None else str(kernel),
                data=json.loads(str(data)),
            )
            for number, time, session, name, kernel, data in found
        ]


def add_event(
    rows: Connection,
    session_id: str,
    name: str,
    time: datetime,
    data: Mapping[str, object],
    kernel_id: str | None = None,
) -> None:
    """Record an event in a transaction."""
    rows.execute(
        "INSERT INTO event (time, session_id, name, kernel_id, data) VALUES (?, ?, ?, ?, ?)",
        (time.isoformat(), session_id, name, kernel_id, json.dumps(dict(data))),
    )
