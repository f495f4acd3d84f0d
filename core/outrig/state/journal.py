"""The write-ahead record of outside resources, in the database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outrig.errors import PluginError
from outrig.ids import new_id
from outrig.interfaces import Intent, Journal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig.state.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One resource: `state` is intended, created, nothing or released."""

    id: str
    provider: str
    session_id: str
    kind: str
    scope: str
    token: str
    state: str
    ids: tuple[str, ...]


class JournalTable:
    """The table behind every session's journal."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_entries(self, session_id: str | None = None) -> list[JournalEntry]:
        """Return what may still exist outside: of one session, or all."""
        found = self._database.read(
            "SELECT id, provider, session_id, kind, scope, token, state, ids FROM journal"
            " WHERE state IN ('intended', 'created') AND (session_id = ?1 OR ?1 IS NULL)"
            " ORDER BY rowid",
            session_id,
        )
        return [
            JournalEntry(
                id=str(row[0]),
                provider=str(row[1]),
                session_id=str(row[2]),
                kind=str(row[3]),
                scope=str(row[4]),
                token=str(row[5]),
                state=str(row[6]),
                ids=tuple(json.loads(str(row[7]))),
            )
            for row in found
        ]

    def scopes(self, provider: str) -> list[str]:
        """Return every scope in which a provider was ever to make anything."""
        found = self._database.read(
            "SELECT DISTINCT scope FROM journal WHERE provider = ? ORDER BY scope", provider
        )
        return [str(row[0]) for row in found]

    def released(self, session_id: str) -> None:
        """Record that nothing of a session exists outside any more."""
        with self._database.write(durable=True) as rows:
            rows.execute(
                "UPDATE journal SET state = 'released' WHERE session_id = ?", (session_id,)
            )

    def begin(self, values: tuple[str, ...]) -> str:
        """Write down an intention: provider, session, kind, scope, token, tags as JSON."""
        entry = new_id()
        now = datetime.now(UTC).isoformat()
        with self._database.write(durable=True) as rows:
            rows.execute(
                "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'intended', '[]')",
                (entry, now, *values),
            )
        return entry

    def settle(self, entry: str, state: str, ids: tuple[str, ...]) -> None:
        """Write down how an intention ended."""
        with self._database.write(durable=True) as rows:
            rows.execute(
                "UPDATE journal SET state = ?, ids = ? WHERE id = ?",
                (state, json.dumps(ids), entry),
            )


class SessionJournal(Journal):
    """One session's journal, as its provider sees it."""

    def __init__(self, table: JournalTable, provider: str, session_id: str) -> None:
        self._table = table
        self._provider = provider
        self._session_id = session_id

    def intend(self, kind: str, *, scope: str, token: str, tags: Mapping[str, str]) -> Intent:
        """See `Journal.intend`."""
        values = (self._provider, self._session_id, kind, scope, token, json.dumps(dict(tags)))
        return _Entry(self._table, self._table.begin(values))


class _Entry(Intent):
    def __init__(self, table: JournalTable, entry: str) -> None:
        self._table = table
        self._entry = entry

    def created(self, *ids: str) -> None:
        self._table.settle(self._entry, "created", ids)

    def nothing_made(self) -> None:
        self._table.settle(self._entry, "nothing", ())


class NoJournal(Journal):
    """The journal of those who make nothing outside."""

    def intend(self, kind: str, *, scope: str, token: str, tags: Mapping[str, str]) -> Intent:
        """Refuse."""
        raise PluginError(f"{kind} {token} in {scope}: nothing may be made here ({len(tags)} tags)")
