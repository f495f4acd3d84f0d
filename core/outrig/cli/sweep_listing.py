"""How sweeps and their cases are named and shown in listings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.definition import argument
from outrig.cli.listing import Column
from outrig.model.run import RunStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from outrig.cli.command import Command
    from outrig.model.sweep import Sweep, SweepCase, SweepSummary

SWEEP_ARGUMENT = argument(
    "sweep", "the sweep's name, or the beginning of its id (default: the newest)", required=False
)
SWEEPS_ARGUMENT = argument(
    "sweep",
    "the sweep's name, or the beginning of its id (default: the newest)",
    required=False,
    repeat=True,
)


def asked_sweep(command: Command) -> Sweep:
    """Return the sweep the user named, else the newest; raises `NotFoundError`."""
    return command.outrig.sweeps.find(command.word("sweep"))


def asked_sweeps(command: Command) -> list[Sweep]:
    """Return the sweeps the user named, else the newest; raises `NotFoundError`."""
    words = command.argument_words("sweep") or (None,)
    return [command.outrig.sweeps.find(word) for word in words]


def _ended(row: SweepSummary) -> datetime | None:
    return row.sweep.ended_at


COLUMNS: tuple[Column[SweepSummary], ...] = (
    Column("name", lambda row: row.sweep.name),
    Column("state", lambda row: row.sweep.state),
    Column("cases", lambda row: row.sweep.size),
    Column("done", lambda row: row.done),
    Column("failed", lambda row: row.counts.get(RunStatus.FAILED, 0)),
    Column("running", lambda row: row.counts.get(RunStatus.RUNNING, 0)),
    Column("created", lambda row: row.sweep.created_at),
    Column("ended", _ended, shown=False),
    Column("queued", lambda row: row.counts.get(RunStatus.QUEUED, 0), shown=False),
    Column("succeeded", lambda row: row.counts.get(RunStatus.SUCCEEDED, 0), shown=False),
    Column("cancelled", lambda row: row.counts.get(RunStatus.CANCELLED, 0), shown=False),
    Column("lost", lambda row: row.counts.get(RunStatus.LOST, 0), shown=False),
    Column("command", lambda row: row.sweep.command, shown=False),
    Column("varies", lambda row: row.sweep.names, shown=False),
    Column("project", lambda row: row.sweep.project_name, shown=False),
    Column("session", lambda row: row.sweep.session_name, shown=False),
    Column("snapshot", lambda row: row.sweep.snapshot_id, shown=False),
    Column("reason", lambda row: row.sweep.reason, shown=False),
    Column("id", lambda row: row.sweep.id, shown=False),
)


def case_columns(sweep: Sweep, metrics: Sequence[str] = ()) -> tuple[Column[SweepCase], ...]:
    """Return the columns of a sweep's cases: values that vary first, metrics last."""
    names = sweep.names

    def param(name: str) -> Column[SweepCase]:
        return Column(name, lambda case: case.params.get(name), title=name)

    def metric(name: str) -> Column[SweepCase]:
        taken = name in names or name in _FIXED
        shown = f"metric_{name}" if taken else name
        return Column(shown, lambda case: case.metrics.get(name), title=name)

    return (
        Column("case", lambda case: case.number),
        *(param(name) for name in names),
        Column("state", lambda case: case.status),
        Column("exit_code", lambda case: case.exit_code, title="EXIT"),
        Column("duration", lambda case: case.duration_s, unit="seconds"),
        *(metric(name) for name in metrics),
        Column("attempt", lambda case: case.attempt, shown=False),
        Column("reason", lambda case: case.reason, shown=False),
        Column("run", lambda case: case.run_id, shown=False),
        Column("params", lambda case: case.params, shown=False),
    )


_FIXED = ("case", "state", "exit_code", "duration", "attempt", "reason", "run", "params")
