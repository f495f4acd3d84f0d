"""Machines of a cloud, as all clouds have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from outrig.model.node import Node, NodeQuery


class MachineState(Enum):
    """Where a machine stands."""

    PENDING = "pending"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    ENDING = "shutting-down"
    GONE = "terminated"


ALIVE = frozenset({MachineState.PENDING, MachineState.RUNNING})
THERE = ALIVE | {MachineState.STOPPING, MachineState.STOPPED}
"""States of machines that are, or can be, nodes again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One machine: `scope` is the region or project that is asked about it.

    `known` is what its tags or metadata say of how to log in (`host_key`, `user`), `why` the
    cloud's own word on why it runs no more, `taken_back` whether the cloud took a spot machine,
    `tags` those of Ray's clusters.
    """

    id: str
    scope: str
    state: MachineState
    zone: str = ""
    type: str = ""
    rank: int = 0
    spot: bool = False
    public: str = ""
    private: str = ""
    session: str = ""
    owner: str = ""
    launched: str = ""
    why: str = ""
    taken_back: bool = False
    known: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    def node(self, provider: str) -> Node:
        """Return it as a node, as far as the cloud knows it."""
        return Node(
            id=self.id,
            provider=provider,
            rank=self.rank,
            address=self.public or self.private,
            data={
                "scope": self.scope,
                "zone": self.zone,
                "type": self.type,
                "state": self.state.value,
                "spot": "yes" if self.spot else "",
                "private": self.private,
                "session": self.session,
                "owner": self.owner,
                "launched": self.launched,
                **{f"tag:{name}": value for name, value in self.tags.items()},
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which machines: those with these ids, else of these sessions, of an owner, or all of ours.

    With `tag` those that carry a tag of that name, whosever they are.
    """

    ids: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    owner: str | None = None
    tag: str | None = None

    @classmethod
    def by(cls, query: NodeQuery) -> Wanted:
        """Return what a query asks about."""
        if query.session_id is not None:
            return cls(sessions=(query.session_id,))
        return cls(owner=query.owner, tag=query.tag)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Machines that were found, and places inside the scope that could not be asked."""

    machines: tuple[Machine, ...] = ()
    silent: tuple[str, ...] = ()
