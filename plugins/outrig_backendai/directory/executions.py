"""What `run` does in many sessions, as it is kept: any process can go on with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, cast

import msgspec

from outrig_backendai.compute.request import NewSession
from outrig_backendai.execution.cases import Case
from outrig_backendai.execution.sources import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrig_backendai.directory.database import Directory


class CaseStatus(Enum):
    """Where a case stands. `EXECUTING`: its run may have been handed to its node."""

    WAITING = "WAITING"
    STARTING = "STARTING"
    EXECUTING = "EXECUTING"
    ENDED = "ENDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to the case."""
        return self in (CaseStatus.ENDED, CaseStatus.FAILED, CaseStatus.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionRequest:
    """What was asked for. `cap` is how many cases go on at once, `remove` ends their sessions.

    A case whose session has not started after `max_wait_s` is left in the queue, and fails.
    """

    session: NewSession
    code: str | None = None
    files: tuple[Source, ...] = ()
    clean: str | None = None
    cap: int | None = None
    remove: bool = False
    max_wait_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One `run` with ranges."""

    id: str
    name: str
    access_key: str
    created_at: datetime
    request: ExecutionRequest
    cancelled: bool = False
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRecord:
    """One case: its session, its run, and how it ended; `reason` is why it came to nothing."""

    case: Case
    name: str
    status: CaseStatus = CaseStatus.WAITING
    session_id: str | None = None
    run_id: str | None = None
    exit_code: int | None = None
    reason: str | None = None


_requests = msgspec.json.Decoder(ExecutionRequest)
_cases = msgspec.json.Decoder(CaseRecord)
_FIELDS = "id, name, access_key, created_at, request, cancelled, ended"


class Executions:
    """The tables of executions and their cases."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def add(self, execution: Execution, cases: Sequence[CaseRecord]) -> None:
        """Record a new one with all its cases."""
        with self._directory.write() as rows:
            rows.execute(
                "INSERT INTO execution VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    execution.id,
                    execution.name,
                    execution.access_key,
                    execution.created_at.isoformat(),
                    msgspec.json.encode(execution.request),
                    execution.cancelled,
                    execution.ended,
                ),
            )
            rows.executemany(
                "INSERT INTO execution_case VALUES (?, ?, ?)",
                [(execution.id, one.case.number, msgspec.json.encode(one)) for one in cases],
            )

    def get(self, execution_id: str) -> Execution | None:
        """Return the one of that id."""
        return next(iter(self._select("WHERE id = ?", execution_id)), None)

    def newest(self, access_key: str, name: str) -> Execution | None:
        """Return a keypair's newest of that name."""
        found = self._select(
            "WHERE access_key = ? AND name = ? ORDER BY created_at DESC LIMIT 1", access_key, name
        )
        return next(iter(found), None)

    def unfinished(self) -> list[Execution]:
        """Return those that have not ended."""
        return self._select("WHERE NOT ended ORDER BY created_at")

    def cases(self, execution_id: str) -> list[CaseRecord]:
        """Return all cases, by number."""
        rows = self._directory.rows(
            "SELECT record FROM execution_case WHERE execution_id = ? ORDER BY number",
            execution_id,
        )
        return [_cases.decode(cast("bytes", row[0])) for row in rows]

    def change(
        self, execution_id: str, number: int, change: Callable[[CaseRecord], CaseRecord]
    ) -> CaseRecord:
        """Replace a case's record by what `change` makes of it; one that is over stays so."""
        with self._directory.write() as rows:
            key = (execution_id, number)
            where = "WHERE execution_id = ? AND number = ?"
            found = rows.execute(f"SELECT record FROM execution_case {where}", key).fetchone()  # noqa: S608
            before = _cases.decode(found[0])
            if before.status.over:
                return before
            now = change(before)
            rows.execute(
                f"UPDATE execution_case SET record = ? {where}",  # noqa: S608
                (msgspec.json.encode(now), *key),
            )
            return now

    def cancel(self, execution_id: str) -> None:
        """Note that its user wants it to end."""
        self._set(execution_id, "cancelled")

    def end(self, execution_id: str) -> None:
        """Note that all its cases are over."""
        self._set(execution_id, "ended")

    def remove(self, execution_id: str) -> None:
        """Forget one."""
        with self._directory.write() as rows:
            rows.execute("DELETE FROM execution_case WHERE execution_id = ?", (execution_id,))
            rows.execute("DELETE FROM execution WHERE id = ?", (execution_id,))

    def ended_before(self, time: datetime) -> list[str]:
        """Return the ids of those that have ended and were begun before a time."""
        rows = self._directory.rows(
            "SELECT id FROM execution WHERE ended AND created_at < ?", time.isoformat()
        )
        return [str(row[0]) for row in rows]

    def _set(self, execution_id: str, column: str) -> None:
        with self._directory.write() as rows:
            rows.execute(f"UPDATE execution SET {column} = 1 WHERE id = ?", (execution_id,))  # noqa: S608

    def _select(self, where: str, *values: object) -> list[Execution]:
        found = self._directory.rows(f"SELECT {_FIELDS} FROM execution {where}", *values)  # noqa: S608
        return [_execution(row) for row in found]


def _execution(row: tuple[object, ...]) -> Execution:
    return Execution(
        id=str(row[0]),
        name=str(row[1]),
        access_key=str(row[2]),
        created_at=datetime.fromisoformat(str(row[3])),
        request=_requests.decode(cast("bytes", row[4])),
        cancelled=bool(row[5]),
        ended=bool(row[6]),
    )
