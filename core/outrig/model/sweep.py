"""Sweeps: a command over many values, and the cases it consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path

from outrig.model.node import Lifetime
from outrig.model.project import Compute
from outrig.model.resources import ANY, Resources
from outrig.model.run import RunStatus


class SweepState(Enum):
    """Where a sweep stands. WAITING: no node has heard of it yet."""

    WAITING = "WAITING"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def ended(self) -> bool:
        """Whether nothing of it will run any more by itself."""
        return self in (SweepState.SUCCEEDED, SweepState.FAILED, SweepState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOptions:
    """How a sweep is to be run.

    `cap` is how many cases run at once (`None`: as many as fit). A case that fails is run again up
    to `retries` times, the n-th time `backoff_s * 2**(n-1)` seconds later at the earliest.
    `depends` names runs or sweeps that must have succeeded first. `remove` ends the session when
    all is over. `notify` are `desktop`, `command:…` and `webhook:…`.
    """

    cap: int | None = None
    retries: int = 0
    backoff_s: float = 0.0
    timeout_s: float | None = None
    starts_at: datetime | None = None
    depends: tuple[str, ...] = ()
    priority: int = 0
    resources: Resources = ANY
    pull: bool = True
    remove: bool = False
    notify: tuple[str, ...] = ()
    detached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One sweep, as recorded. Times are UTC. `names` are the parameters that vary.

    `session_name` is what its session is to be called, `session_id` the session once there is one.
    `metrics_file` is what each case writes in its directory, beside OUTRIG_METRICS. `cancelled` is
    the user's wish, which whoever works on the sweep heeds.
    """

    id: str
    name: str
    project_id: str
    project_name: str
    project_root: Path
    command: str
    state: SweepState
    created_at: datetime
    size: int
    names: tuple[str, ...]
    session_name: str
    snapshot_id: str
    snapshot_digest: str
    compute: Compute
    options: SweepOptions = field(default_factory=SweepOptions)
    lifetime: Lifetime | None = None
    cluster: str | None = None
    outputs: tuple[str, ...] = ()
    metrics_file: str | None = None
    session_id: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    cancelled: bool = False
    pulled: bool = False
    reason: str | None = None

    @property
    def directory(self) -> str:
        """Where its cases work, below the work directory and the project's root alike."""
        return f"outputs/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepCase:
    """One case of a sweep: its values and how it stands. Times are seconds since 1970.

    `number` counts from 0. `digest` tells cases apart by command, parameters, snapshot and
    environment. `attempt` counts the runs it has had, from 1; `run_id` is the last one's. `handed`
    tells whether a node has been given that run; `due_at` when it may be given.
    """

    number: int
    digest: str
    params: Mapping[str, str]
    script: str
    run_id: str
    status: RunStatus = RunStatus.QUEUED
    attempt: int = 1
    handed: bool = False
    due_at: float = 0.0
    exit_code: int | None = None
    started_at: float | None = None
    ended_at: float | None = None
    reason: str | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def duration_s(self) -> float | None:
        """How long its last run took, in seconds; `None` while it is not known."""
        if self.started_at is None or self.ended_at is None:
            return None
        return max(0.0, self.ended_at - self.started_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepSummary:
    """One sweep as listings show it, with how many of its cases stand how."""

    sweep: Sweep
    counts: Mapping[RunStatus, int]

    @property
    def done(self) -> int:
        """How many cases have ended, whichever way."""
        return sum(count for status, count in self.counts.items() if status.ended)
