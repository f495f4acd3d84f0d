"""Runs in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from outrig.model.run import Run
from outrig.state.records import decode, encode
from outrig.state.text import storable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.state.database import Database


class Runs:
    """The table of runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, runs: Sequence[Run]) -> None:
        """Record runs, new ones or changed."""
        rows = [
            (run.id, run.session_id, run.state.status.ended, storable(run.script), encode(run))
            for run in runs
        ]
        with self._database.write() as table:
            table.executemany("INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?, ?)", rows)

    def get(self, prefix: str) -> list[Run]:
        """Return the runs whose id begins with `prefix`, oldest first, at most ten."""
        upper = prefix.upper()
        return self._select("WHERE id >= ? AND id < ? ORDER BY id LIMIT 10", upper, upper + "~")

    def of_session(self, session_id: str, *, unfinished: bool = False) -> list[Run]:
        """Return a session's runs, oldest first; with `unfinished` only those not known to end."""
        return self._select(
            "WHERE session_id = ? AND (NOT ended OR NOT ?) ORDER BY id", session_id, unfinished
        )

    def newest(self, limit: int) -> list[Run]:
        """Return the newest runs of all sessions, newest first."""
        return self._select("ORDER BY id DESC LIMIT ?", limit)

    def unfinished(self) -> list[Run]:
        """Return all runs not known to have ended."""
        return self._select("WHERE NOT ended ORDER BY id")

    def _select(self, where: str, *values: object) -> list[Run]:
        found = self._database.read(f"SELECT record FROM run {where}", *values)  # noqa: S608
        return [decode(cast("bytes", row[0]), Run) for row in found]
