"""Sessions, their events, and the plan by which one is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from pathlib import Path

from outrig.model.interruption import Interruption
from outrig.model.node import FOR_EVER, Candidate, Lifetime, Node, Price
from outrig.model.resources import ANY, Resources
from outrig.model.snapshot import SnapshotInfo, SnapshotReader


class SessionState(Enum):
    """Where a session stands; which changes are possible is in `outrig.session.states`."""

    PENDING = "PENDING"
    PREPARING = "PREPARING"
    PULLING = "PULLING"
    RUNNING = "RUNNING"
    RESTARTING = "RESTARTING"
    RESIZING = "RESIZING"
    SUSPENDED = "SUSPENDED"
    TERMINATING = "TERMINATING"
    TERMINATED = "TERMINATED"
    CANCELLED = "CANCELLED"
    ERROR = "ERROR"

    @property
    def ended(self) -> bool:
        """Whether the session holds nothing any more."""
        return self in (SessionState.TERMINATED, SessionState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A named hold on one or more nodes. Times are UTC."""

    id: str
    name: str
    project_id: str
    project_name: str
    project_root: Path
    provider: str
    state: SessionState
    created_at: datetime
    used_at: datetime
    nodes: tuple[Node, ...] = ()
    snapshot_id: str | None = None
    snapshot_digest: str | None = None
    environment_digest: str | None = None
    error: str | None = None
    lifetime: Lifetime = FOR_EVER
    resources: Resources = ANY
    """What its project, or `--resources`, asked for it."""
    cluster: str | None = None
    """The cluster file it was started from, relative to the project's root."""
    settings: Mapping[str, object] = field(default_factory=dict)
    outputs_apart: bool = False
    """Whether outputs go to `outputs/<session>/`: it was started together with others."""
    on_interruption: Interruption = Interruption.STOP
    spent_usd: float = 0.0
    """What its nodes had cost until `billed_since`, and in all where that is `None`."""
    billed_since: datetime | None = None
    """Since when its nodes run that cost something; `None` while there are none."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What each of its runs is told of the engine that its project's `runtime` names."""
    grows: bool = False
    """Whether what runs there makes further machines, with its tags: they end with it."""

    @property
    def usd_per_hour(self) -> float | None:
        """What its nodes cost in an hour, `None` where that of one is not known."""
        texts = [node.data.get("price", "") for node in self.nodes]
        return sum(float(one) for one in texts) if texts and all(texts) else None

    def billed(self, now: datetime, nodes: tuple[Node, ...]) -> Session:
        """Return it with what it has cost until now; from now on it costs what `nodes` do."""
        spent, price = self.spent_usd, self.usd_per_hour
        if self.billed_since is not None and price is not None:
            spent += price * max(0.0, (now - self.billed_since).total_seconds()) / 3600.0
        costs = any(node.data.get("price") for node in nodes)
        return replace(self, spent_usd=spent, billed_since=now if costs else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a session. `number` grows by one within the state directory."""

    number: int
    time: datetime
    session_id: str
    kind: str
    message: str
    run_id: str | None = None
    duration_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a plan. `skip` holds the reason when there is nothing to do."""

    name: str
    detail: str
    skip: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What starting a session will do; policies may change or refuse it.

    `settings` are the provider's, without secrets: for policies to look at, changing them changes
    nothing.
    """

    session_name: str
    project_name: str
    provider: str
    count: int = 1
    resources: Resources = ANY
    candidates: tuple[Candidate, ...] = ()
    prices: tuple[Price, ...] = ()
    snapshot: SnapshotInfo | None = None
    steps: tuple[Step, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRequest:
    """Make the work directory of a session equal to a snapshot on each node.

    Only what an earlier sync put there is removed; with `clean` everything else goes too.
    """

    session_id: str
    nodes: tuple[Node, ...]
    snapshot: SnapshotReader
    clean: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What a sync did, summed over nodes; `skipped` when all of them had the snapshot already."""

    skipped: bool = False
    sent_chunks: int = 0
    sent_bytes: int = 0
    written_files: int = 0
    removed_files: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A file or directory under a session's work directory."""

    path: str
    is_directory: bool
    size_bytes: int
    mtime_ns: int
    executable: bool = False
    target: str | None = None
