"""Sweeps and their cases in the database.

A case is a row of columns, not a record: ten thousand of them are written, counted and changed in a
moment, and one of them can be changed without reading the others.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, cast

from outrig.errors import ConflictError, NotFoundError
from outrig.model.run import RunStatus
from outrig.model.sweep import Sweep, SweepCase, SweepSummary
from outrig.state.overview import unfinished_sweeps
from outrig.state.records import decode, encode
from outrig.state.text import restored, storable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from outrig.state.database import Database

_CASE = (
    "SELECT number, digest, params, script, run_id, status, attempt, handed, due_at, exit_code,"
    " started_at, ended_at, reason, metrics FROM sweep_case"
)
_OPEN = "status IN ('QUEUED', 'RUNNING')"


class Sweeps:
    """The tables of sweeps and of their cases."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, sweep: Sweep, cases: Sequence[SweepCase]) -> None:
        """Record a new sweep with all its cases; raises `ConflictError` when its name is taken."""
        try:
            with self._database.write() as rows:
                row = (sweep.id, sweep.project_id, sweep.name, False, encode(sweep))
                rows.execute("INSERT INTO sweep VALUES (?, ?, ?, ?, ?)", row)
                rows.executemany(
                    "INSERT INTO sweep_case VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                    (_row(sweep.id, case) for case in cases),
                )
        except sqlite3.IntegrityError as err:
            raise ConflictError(f'there is a sweep "{sweep.name}" already') from err

    def get(self, sweep_id: str) -> Sweep | None:
        """Return the sweep of that id."""
        found = self._database.read("SELECT record FROM sweep WHERE id = ?", sweep_id)
        return decode(cast("bytes", found[0][0]), Sweep) if found else None

    def select(self, project_id: str | None = None, *, unfinished: bool = False) -> list[Sweep]:
        """Return the sweeps of a project (`None`: of all), newest first."""
        found = self._database.read(
            "SELECT record FROM sweep WHERE (project_id = ?1 OR ?1 IS NULL)"
            " AND (NOT ended OR NOT ?2) ORDER BY id DESC",
            project_id,
            unfinished,
        )
        return [decode(cast("bytes", row[0]), Sweep) for row in found]

    def names(self, project_id: str) -> set[str]:
        """Return the names that a project's sweeps have."""
        found = self._database.read("SELECT name FROM sweep WHERE project_id = ?", project_id)
        return {str(row[0]) for row in found}

    def any_unfinished(self) -> bool:
        """Tell whether any sweep has not ended."""
        return unfinished_sweeps(self._database)

    def change(self, sweep_id: str, change: Callable[[Sweep], Sweep]) -> Sweep:
        """Change a record while nobody else can; returns it. Raises `NotFoundError`."""
        with self._database.write() as rows:
            return _change(rows, sweep_id, change)

    def remove(self, sweep_id: str) -> None:
        """Forget a sweep and its cases."""
        with self._database.write() as rows:
            rows.execute("DELETE FROM sweep_case WHERE sweep_id = ?", (sweep_id,))
            rows.execute("DELETE FROM sweep WHERE id = ?", (sweep_id,))

    def summaries(self, sweeps: Sequence[Sweep]) -> list[SweepSummary]:
        """Return sweeps with how many of their cases stand how."""
        return [SweepSummary(sweep=one, counts=self.counts(one.id)) for one in sweeps]

    def counts(self, sweep_id: str) -> dict[RunStatus, int]:
        """Return how many cases of a sweep stand how."""
        found = self._database.read(
            "SELECT status, count(*) FROM sweep_case WHERE sweep_id = ? GROUP BY status", sweep_id
        )
        return {RunStatus(str(status)): cast("int", count) for status, count in found}

    def cases(
        self, sweep_id: str, statuses: Iterable[RunStatus] = (), *, limit: int = -1, start: int = 0
    ) -> list[SweepCase]:
        """Return cases by number from `start` on: all, or those that stand in one of some ways."""
        wanted = [one.value for one in statuses]
        where = f" AND status IN ({','.join('?' * len(wanted))})" if wanted else ""
        return self._select(
            f"WHERE sweep_id = ? AND number >= ?{where} ORDER BY number LIMIT ?",
            sweep_id,
            start,
            *wanted,
            limit,
        )

    def handed(self, sweep_id: str, *, limit: int, after: int = -1) -> list[SweepCase]:
        """Return cases that a node was given and that are not known to have ended, by number."""
        return self._select(
            "INDEXED BY case_open"
            f" WHERE sweep_id = ? AND {_OPEN} AND handed AND number > ? ORDER BY number LIMIT ?",
            sweep_id,
            after,
            limit,
        )

    def kept_back(self, sweep_id: str) -> list[SweepCase]:
        """Return cases that no node was given yet, by number."""
        return self._select(
            "INDEXED BY case_kept"
            " WHERE sweep_id = ? AND NOT handed AND status = 'QUEUED' ORDER BY number",
            sweep_id,
        )

    def settle(self, sweep_id: str, cases: Sequence[SweepCase]) -> None:
        """Record how cases now stand; a run that is not the case's any more changes nothing.

        Nor does anything change a case that has ended with that run.
        """
        with self._database.write() as rows:
            rows.executemany(
                "UPDATE sweep_case SET status = ?, exit_code = ?, started_at = ?, ended_at = ?,"  # noqa: S608
                f" reason = ? WHERE sweep_id = ? AND number = ? AND run_id = ? AND {_OPEN}",
                [
                    (
                        case.status.value,
                        case.exit_code,
                        case.started_at,
                        case.ended_at,
                        case.reason,
                        sweep_id,
                        case.number,
                        case.run_id,
                    )
                    for case in cases
                ],
            )

    def hand_over(self, sweep_id: str, cases: Sequence[SweepCase]) -> None:
        """Record that a node was given these runs."""
        with self._database.write() as rows:
            rows.executemany(
                "UPDATE sweep_case SET handed = 1 WHERE sweep_id = ? AND number = ? AND run_id = ?",
                [(sweep_id, case.number, case.run_id) for case in cases],
            )

    def again(
        self,
        sweep_id: str,
        pairs: Sequence[tuple[SweepCase, SweepCase]],
        reopen: Callable[[Sweep], Sweep] | None = None,
    ) -> int:
        """Put cases back into the queue with a new run each, given as before and after.

        Of two that do this at once, one does; returns how many this one did. With any, the sweep
        is changed by `reopen` in the same moment: nobody sees it ended with cases that wait.
        """
        with self._database.write() as rows:
            count = sum(
                rows.execute(
                    "UPDATE sweep_case SET run_id = ?, status = 'QUEUED', attempt = ?, handed = 0,"  # noqa: S608
                    " due_at = ?, exit_code = NULL, started_at = NULL, ended_at = NULL,"
                    " reason = NULL, metrics = NULL WHERE sweep_id = ? AND number = ?"
                    f" AND run_id = ? AND NOT {_OPEN}",
                    (new.run_id, new.attempt, new.due_at, sweep_id, old.number, old.run_id),
                ).rowcount
                for old, new in pairs
            )
            if count and reopen is not None:
                _change(rows, sweep_id, reopen)
        return count

    def cancel_waiting(self, sweep_id: str, reason: str, now_s: float) -> None:
        """Record as cancelled what no node was given."""
        with self._database.write() as rows:
            rows.execute(
                "UPDATE sweep_case SET status = 'CANCELLED', reason = ?, ended_at = ?"
                " WHERE sweep_id = ? AND status = 'QUEUED' AND NOT handed",
                (reason, now_s, sweep_id),
            )

    def note_metrics(self, sweep_id: str, metrics: Mapping[str, Mapping[str, float]]) -> None:
        """Record what runs, by id, measured of themselves."""
        with self._database.write() as rows:
            rows.executemany(
                "UPDATE sweep_case SET metrics = ? WHERE sweep_id = ? AND run_id = ?",
                [(json.dumps(dict(one)), sweep_id, run) for run, one in metrics.items()],
            )

    def succeeded(self, project_id: str, digests: Iterable[str]) -> dict[str, SweepCase]:
        """Return, by digest, a case of that digest that has succeeded in a project."""
        found: dict[str, SweepCase] = {}
        wanted = list(dict.fromkeys(digests))
        for begin in range(0, len(wanted), 500):
            some = wanted[begin : begin + 500]
            found |= {
                case.digest: case
                for case in self._select(
                    f"WHERE status = 'SUCCEEDED' AND digest IN ({','.join('?' * len(some))})"  # noqa: S608
                    " AND sweep_id IN (SELECT id FROM sweep WHERE project_id = ?)",
                    *some,
                    project_id,
                )
            }
        return found

    def _select(self, where: str, *values: object) -> list[SweepCase]:
        return [_case(row) for row in self._database.read(f"{_CASE} {where}", *values)]


def _change(rows: sqlite3.Connection, sweep_id: str, change: Callable[[Sweep], Sweep]) -> Sweep:
    found = rows.execute("SELECT record FROM sweep WHERE id = ?", (sweep_id,)).fetchone()
    if found is None:
        raise NotFoundError("the sweep was removed meanwhile")
    sweep = change(decode(found[0], Sweep))
    rows.execute(
        "UPDATE sweep SET ended = ?, record = ? WHERE id = ?",
        (sweep.state.ended, encode(sweep), sweep_id),
    )
    return sweep


def _row(sweep_id: str, case: SweepCase) -> tuple[object, ...]:
    return (
        sweep_id,
        case.number,
        case.digest,
        json.dumps(dict(case.params)),
        storable(case.script),
        case.run_id,
        case.status.value,
        case.attempt,
        case.handed,
        case.due_at,
        case.exit_code,
        case.started_at,
        case.ended_at,
        case.reason,
        json.dumps(dict(case.metrics)) if case.metrics else None,
    )


def _case(row: tuple[object, ...]) -> SweepCase:
    return SweepCase(
        number=cast("int", row[0]),
        digest=str(row[1]),
        params=json.loads(str(row[2])),
        script=restored(str(row[3])),
        run_id=str(row[4]),
        status=RunStatus(str(row[5])),
        attempt=cast("int", row[6]),
        handed=bool(row[7]),
        due_at=cast("float", row[8]),
        exit_code=cast("int | None", row[9]),
        started_at=cast("float | None", row[10]),
        ended_at=cast("float | None", row[11]),
        reason=cast("str | None", row[12]),
        metrics=json.loads(str(row[13])) if row[13] else {},
    )
