"""Runs: what is executed, where it stands, and what it printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from outrig.model.node import Node
from outrig.model.project import Environment
from outrig.model.resources import ANY, Resources


class RunStatus(Enum):
    """Where a run stands; which changes are possible is in `outrig.session.states`."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    LOST = "LOST"

    @property
    def ended(self) -> bool:
        """Whether the run can change no more."""
        return self not in (RunStatus.QUEUED, RunStatus.RUNNING)


class Stream(Enum):
    """Which output of a run."""

    OUT = "out"
    ERR = "err"


UNKNOWN_RUN = "the node does not know this run"
"""The reason that nodes give for a run which they were never handed, or lost with their disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One run to start: shell text, run by `sh -c` in `directory` under the work directory.

    `id` is the run's id: executing a task with an id that is known already starts nothing.
    """

    id: str
    script: str
    variables: Mapping[str, str] = field(default_factory=dict)
    directory: str = "."
    resources: Resources = ANY
    timeout_s: float | None = None
    background: bool = False
    of_session: bool = False
    """Whether `resources` are the session's: see `NewRun`."""
    apart: tuple[str, ...] | None = None
    """Makes `directory` its own, with links to what is in the work directory.

    The patterns name what it is to make itself, which is not linked.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecuteRequest:
    """A batch of tasks for one session; at most `cap` run at once (`None`: as many as fit).

    Batches of one `group` share their cap. Those of a higher `priority` have their turn first.
    """

    session_id: str
    nodes: tuple[Node, ...]
    tasks: tuple[Task, ...]
    environment: PreparedEnvironment | None = None
    cap: int | None = None
    group: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRef:
    """The handle of a run. A record: any process can wait for, tail and cancel the run with it."""

    id: str
    session_id: str
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a run used: CPU seconds, and the largest resident memory in MiB.

    `memory_mib` is what it holds now; `None` for one that is not running.
    """

    cpu_s: float = 0.0
    peak_memory_mib: float = 0.0
    memory_mib: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """What a node knows of a run. `exit_code` is 128+n after signal n, `reason` the cause."""

    id: str
    status: RunStatus
    exit_code: int | None = None
    reason: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPart:
    """A piece of a log: `data` begins at byte `offset`; `ended` when no more will ever come."""

    data: bytes
    offset: int
    ended: bool = False

    @property
    def next_offset(self) -> int:
        """Where to read on."""
        return self.offset + len(self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentSource:
    """An environment with the content of the files it names, so that its digest tells all.

    `files` maps a path relative to the project's root to its content.
    """

    spec: Environment
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedEnvironment:
    """An environment that is ready on the nodes. `made` is false when it was there already."""

    digest: str
    made: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareRequest:
    """Which environment to make ready for a session, and where. `digest` is that of `source`."""

    session_id: str
    nodes: tuple[Node, ...]
    source: EnvironmentSource
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One execution of a command in a session, as recorded.

    `cut` tells that its node was taken back before its end was seen, `repeats` which run that was
    cut it does again.
    """

    id: str
    session_id: str
    script: str
    created_at: datetime
    state: RunState
    ref: RunRef | None = None
    command: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    snapshot_digest: str | None = None
    environment_digest: str | None = None
    sweep_id: str | None = None
    beside: bool = False
    cut: bool = False
    repeats: str | None = None
    resources: Resources = ANY
    timeout_s: float | None = None
    background: bool = False
    tmux: bool = False
