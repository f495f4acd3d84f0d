"""How runs are shown in listings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.listing import Column

if TYPE_CHECKING:
    from outrig.model.run import Run


def duration_s(run: Run) -> float | None:
    """Return how long a run took, in seconds; `None` while it is not known."""
    started, ended = run.state.started_at, run.state.ended_at
    if started is None or ended is None:
        return None
    return max(0.0, (ended - started).total_seconds())  # the node's clock may have been set back


def label(run: Run) -> str:
    """Return the command and its parameters, or the first line of the script."""
    if run.command is None:
        return run.script.strip().partition("\n")[0]
    return " ".join([run.command, *(f"{name}={value}" for name, value in run.params.items())])


COLUMNS: tuple[Column[Run], ...] = (
    Column("id", lambda run: run.id),
    Column("state", lambda run: run.state.status),
    Column("exit_code", lambda run: run.state.exit_code, title="EXIT"),
    Column("command", label),
    Column("created", lambda run: run.created_at),
    Column("duration", duration_s, unit="seconds"),
    Column("reason", lambda run: run.state.reason, shown=False),
    Column("params", lambda run: run.params, shown=False),
    Column("script", lambda run: run.script, shown=False),
    Column("repeats", lambda run: run.repeats, shown=False),
    Column("session", lambda run: run.session_id, shown=False),
    Column("snapshot", lambda run: run.snapshot_digest, shown=False),
    Column("environment", lambda run: run.environment_digest, shown=False),
    Column("cpu_s", lambda run: run.state.usage.cpu_s if run.state.usage else None, shown=False),
    Column(
        "peak_memory_mib",
        lambda run: run.state.usage.peak_memory_mib if run.state.usage else None,
        shown=False,
    ),
)
