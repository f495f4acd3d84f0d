"""Supplying a session's nodes: those that are there first, then new ones, then once more."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Generic

from outrig.cloud.arriving import Arrival, Failed, ranked
from outrig.cloud.ending import told
from outrig.cloud.launching import A, S
from outrig.cloud.machines import Machine, MachineState, Wanted
from outrig.cloud.removing import Removal
from outrig.errors import ConfigError
from outrig.model.node import Node, Release

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrig.cloud.launching import Launch

    OnEach = Callable[[Sequence[Node], Callable[[Node], Node | Failed]], tuple[Node | Failed, ...]]

REMEMBERED = ("host_key", "user", "price", "group")


class Provisioning(Generic[S, A]):
    """One attempt to have a session's nodes."""

    def __init__(
        self,
        launch: Launch[S, A],
        introduce: Callable[[Node], Node],
        others: Sequence[tuple[int, Launch[S, A]]] = (),
    ) -> None:
        self._launch = launch
        self._others = tuple(others)
        self._introduce = introduce
        self._account = launch.account
        self._settings = launch.settings
        self._request = launch.request
        self._context = launch.context
        self._facts: dict[str, dict[str, str]] = {}
        self._wanted: dict[str, list[str]] = defaultdict(list)
        self._machines: dict[str, Machine] = {}
        self.limits: dict[str, str] = {}
        """The limits that new machines were launched with, by id."""

    def run(self, on_each: OnEach) -> tuple[Node, ...]:
        """Return the nodes; raises why there are too few."""
        if self._request.count < 1:
            raise ConfigError("a session needs a node")
        self._take_up()
        for group, missing in enumerate(self._missing()):
            if missing > 0:
                self._make(missing, "first", group)
        nodes, failed = self._arrived(on_each)
        if failed:
            self._context.progress(len(nodes), self._request.count, f"nodes; {failed[0].error}")
            self._give_up([self._machines[one.id] for one in failed])
            self._wanted.clear()
            groups = [self._group(one.id) for one in failed]
            for group in sorted(set(groups)):
                self._make(groups.count(group), "again", group)
            more, failed = self._arrived(on_each)
            nodes += more
        if failed:
            raise failed[0].error
        return ranked(self._sorted(nodes))

    def _sorted(self, nodes: list[Node]) -> list[Node]:
        before = {node.id: node.rank for node in self._request.resume}
        return sorted(
            nodes,
            key=lambda one: (
                before.get(one.id, len(before)),
                self._group(one.id),
                one.rank,
                one.id,
            ),
        )

    def _group(self, machine: str) -> int:
        """Return of which kind a machine was asked for; the head's is 0."""
        return int(self._facts.get(machine, {}).get("group") or 0)

    def _missing(self) -> list[int]:
        """Return how many machines of each group are not there yet."""
        there = [self._group(one) for ids in self._wanted.values() for one in ids]
        others = [count for count, _ in self._others]
        wanted = [self._request.count - sum(others), *others]
        return [count - there.count(group) for group, count in enumerate(wanted)]

    def _take_up(self) -> None:
        """Find the session's machines: kept ones, and those of a start that died."""
        known = {node.id: node for node in self._request.resume}
        scopes = [node.data["scope"] for node in known.values()]
        asked = Wanted(sessions=(self._request.session_id,))
        for scope in dict.fromkeys([*scopes, *self._account.scopes()]):
            usable = self._account.machines(scope, asked).machines
            if stopping := [one for one in usable if one.state is MachineState.STOPPING]:
                self._removal(scope).end(stopping, Release.KEEP)
                usable = self._account.machines(scope, asked).machines  # some may be gone
            if self._others:  # of which kind those of a start that died are, nobody knows
                self._give_up([one for one in usable if one.id not in known])
                usable = tuple(one for one in usable if one.id in known)
            room = self._request.count - sum(len(ids) for ids in self._wanted.values())
            taken, extra = usable[:room], usable[room:]
            for one in taken:
                self._facts[one.id] = self._remembered(known.get(one.id))
                self._wanted[scope].append(one.id)
                self._machines[one.id] = one
            self._start(taken, scope)
            self._give_up(extra)

    def _remembered(self, node: Node | None) -> dict[str, str]:
        """Return what a node's record knows that the cloud does not."""
        if node is None:
            return {}
        return {key: node.data[key] for key in REMEMBERED if key in node.data}

    def _start(self, machines: Sequence[Machine], scope: str) -> None:
        resting = [one for one in machines if one.state is MachineState.STOPPED]
        if resting:
            self._launch.join(scope)
            self._account.start(scope, resting)

    def _make(self, count: int, batch: str, group: int) -> None:
        launch = self._others[group - 1][1] if group else self._launch
        for one in launch.make(count, f"{batch}-{group}" if group else batch):
            self._wanted[one.scope].append(one.id)
            self._machines[one.id] = Machine(
                id=one.id, scope=one.scope, zone=one.zone, state=MachineState.PENDING
            )
            price = "" if one.price is None else f"{one.price:g}"
            facts = {"host_key": one.host_key, "user": one.user, "price": price}
            self._facts[one.id] = {**facts, "group": str(group)} if group else facts
            if self._settings.budget is None or one.price:
                self.limits[one.id] = told(launch.lifetime(one.price))

    def _arrived(self, on_each: OnEach) -> tuple[list[Node], list[Failed]]:
        arrival = Arrival(self._account, self._settings, self._context)
        nodes, failed = arrival.running(self._wanted, self._facts)
        reached = (
            on_each(nodes, lambda node: arrival.reached(node, self._introduce)) if nodes else ()
        )
        failed += [one for one in reached if isinstance(one, Failed)]
        return [one for one in reached if isinstance(one, Node)], failed

    def _give_up(self, machines: Sequence[Machine]) -> None:
        """End machines that are of no use, and nothing else."""
        for scope in dict.fromkeys(one.scope for one in machines):
            there = [one for one in machines if one.scope == scope]
            self._account.end(scope, there, Release.TERMINATE)

    def _removal(self, scope: str) -> Removal:
        settings = self._settings
        return Removal(self._account, scope, self._context, settings.poll_s, settings.ready_s)
