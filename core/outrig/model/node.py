"""Nodes, how to reach them, and what a provider is asked about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from outrig.model.resources import ANY, Resources


class Role(Enum):
    """What a node is in its session."""

    HEAD = "head"
    WORKER = "worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One machine, or one share of one, that a session holds.

    `id` is the provider's own name for it, `data` is what the provider wants to find again.
    """

    id: str
    provider: str
    role: Role = Role.HEAD
    rank: int = 0
    address: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """How to reach a node program: `host` is `None` for a local process, else an SSH host.

    `host_keys` are fingerprints (`SHA256:…`) or keys (`ssh-ed25519 AAAA…`), of which the host must
    have one; without any the user's known hosts count. `config_file` is read in place of the user's
    SSH configuration. `connect_s` bounds each attempt to connect, `keep_s` is how long an idle
    connection is kept for the next command, `alive_s` after which silence means that it is lost;
    all in seconds.
    """

    host: str | None = None
    port: int | None = None
    user: str | None = None
    key_file: str | None = None
    host_keys: tuple[str, ...] = ()
    jump: str | None = None
    python: str | None = None
    root: str | None = None
    transport: str = "auto"
    config_file: str | None = None
    connect_s: float = 15.0
    keep_s: float = 60.0
    alive_s: float = 20.0

    @property
    def label(self) -> str:
        """What the host is called in messages: `user@host:port`, as far as it is known."""
        host = self.host or "this computer"
        if self.port is not None:
            host = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        return host if self.user is None else f"{self.user}@{host}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How ssh, scp and sftp get to a node: their options, its name, the session's directory."""

    options: tuple[str, ...]
    host: str
    directory: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRef:
    """One outside resource: kind (`node`, `security-group`, …), id, and scope (region, host).

    `session_id` is the session it was made for, where that is known.
    """

    kind: str
    id: str
    scope: str = ""
    session_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One way to get a node, in the order to try: provider, zone, instance type, spot."""

    provider: str
    zone: str | None = None
    instance_type: str | None = None
    spot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """When the node ends the session by itself. Seconds; `None` means never."""

    idle_s: float | None = None
    max_age_s: float | None = None
    terminate: bool = False


FOR_EVER = Lifetime()
"""No limit at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionRequest:
    """What nodes a session needs.

    `token` is the same for every retry of one attempt, so a provider can make the call idempotent.
    `resume` names nodes that were kept when the session was suspended.
    """

    session_id: str
    session_name: str
    token: str
    count: int = 1
    resources: Resources = ANY
    candidates: tuple[Candidate, ...] = ()
    resume: tuple[Node, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    lifetime: Lifetime = FOR_EVER


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeQuery:
    """Which nodes to list: those of one session, all of this owner's, or whosever they are.

    With `tag` they are those that carry a tag of that name, also when they have ended; what tags
    they have is in their `data` as `tag:NAME`.
    """

    session_id: str | None = None
    owner: str | None = None
    scopes: tuple[str, ...] = ()
    tag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What a provider found: nodes, other resources, and the scopes it asked and could not ask."""

    nodes: tuple[Node, ...] = ()
    resources: tuple[ResourceRef, ...] = ()
    scopes_asked: tuple[str, ...] = ()
    scopes_not_asked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a node keeps: ids of sessions, why those ended that did, and unused environments.

    `taken_back` are those of `ended` whose node its provider took for somebody else.
    `files_bytes` is the size of what it has of ended sessions' snapshots, for sessions to come,
    `leftovers` what killed removals left, and programs of ours that nobody has asked for in a week.
    """

    sessions: tuple[str, ...] = ()
    ended: Mapping[str, str] = field(default_factory=dict)
    taken_back: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    files_bytes: int = 0
    leftovers: tuple[str, ...] = ()


class Release(Enum):
    """Whether released nodes are gone for good or can be resumed."""

    TERMINATE = "terminate"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseReport:
    """What was released (missing ones count as released) and what is still there, with reasons."""

    released: tuple[ResourceRef, ...] = ()
    failed: tuple[tuple[ResourceRef, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a candidate costs: US dollars per hour."""

    candidate: Candidate
    usd_per_hour: float
