"""A compute session as it is recorded, its kernels, and where each may stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from outrig_backendai.slots import NONE, Slots


class SessionStatus(Enum):
    """Where a session stands; which changes are possible is in `compute.states`."""

    PENDING = "PENDING"
    SCHEDULED = "SCHEDULED"
    PREPARING = "PREPARING"
    PULLING = "PULLING"
    RUNNING = "RUNNING"
    RESTARTING = "RESTARTING"
    RUNNING_DEGRADED = "RUNNING_DEGRADED"
    RESIZING = "RESIZING"
    SUSPENDED = "SUSPENDED"
    TERMINATING = "TERMINATING"
    TERMINATED = "TERMINATED"
    CANCELLED = "CANCELLED"
    ERROR = "ERROR"

    @property
    def ended(self) -> bool:
        """Whether the session is over for good."""
        return self in (SessionStatus.TERMINATED, SessionStatus.CANCELLED)

    @property
    def live(self) -> bool:
        """Whether the session has its name for itself: it is neither over nor in ERROR."""
        return not self.ended and self is not SessionStatus.ERROR

    @property
    def holds(self) -> bool:
        """Whether the session holds slots of its agents."""
        return self.live and self is not SessionStatus.PENDING

    @property
    def running(self) -> bool:
        """Whether programs can be run in the session."""
        return self in (SessionStatus.RUNNING, SessionStatus.RUNNING_DEGRADED)


class Result(Enum):
    """How a batch session's command ended."""

    UNDEFINED = "UNDEFINED"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """One container of a session: `role` is `main` or `sub`, `idx` counts from 1 within it.

    `devices` are the GPUs of its agent that it holds, each with how much of it (1 is all).
    """

    id: str
    role: str
    idx: int
    host: str
    agent: str | None = None
    outrig_session_id: str | None = None
    status: SessionStatus = SessionStatus.PENDING
    devices: tuple[tuple[int, float], ...] = ()
    address: str = ""
    """Where the others of its session reach it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeSession:
    """One compute session. Times are UTC; `slots` is what each of its kernels holds."""

    id: str
    name: str
    access_key: str
    user_email: str
    user_id: str
    domain: str
    group: str
    image: str
    type: str
    status: SessionStatus
    status_changed: datetime
    created_at: datetime
    status_info: str | None = None
    group_id: str | None = None
    user_name: str = ""
    architecture: str = "x86_64"
    scheduled_at: datetime | None = None
    terminated_at: datetime | None = None
    starts_at: datetime | None = None
    result: Result = Result.UNDEFINED
    exit_code: int | None = None
    tag: str | None = None
    scaling_group: str | None = None
    """Where it may run: as was asked, and once it is scheduled where it does."""
    any_scaling_group: bool = True
    """Whether none was asked for."""
    assigned_agents: tuple[str, ...] = ()
    startup_command: str | None = None
    bootstrap_script: str | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[str, ...] = ()
    slots: Slots = NONE
    resource_opts: Mapping[str, str] = field(default_factory=dict)
    cluster_mode: str = "single-node"
    cluster_size: int = 1
    preopen_ports: tuple[int, ...] = ()
    depends: tuple[str, ...] = ()
    priority: int = 10
    callback_url: str | None = None
    idle_timeout_s: float = 0.0
    kernels: tuple[Kernel, ...] = ()
    main_run_id: str | None = None
    """The Outrig run of a batch session's command."""
    attempts: int = 0
    """How many launches died with the process that made them."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """What other parts note about it, by a name of theirs."""

    @property
    def main(self) -> Kernel:
        """The kernel where programs run."""
        return self.kernels[0]

    @property
    def occupied(self) -> Slots:
        """What it holds in all."""
        return self.slots.times(self.cluster_size)
