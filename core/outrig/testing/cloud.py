"""A cloud in this process, and a provider of its nodes: what faults are tried out on.

cloud = MemoryCloud(tmp_path)
provider = MemoryProvider(Settings(), cloud)
cloud.quota = 0          # no capacity
cloud.throttled = 3      # the next three calls are refused for being too many
cloud.refuses = True     # credentials are wrong
cloud.lists_late = True  # what is made is not listed until `settle()`
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrig.errors import AuthError, CapacityError, ConfigError, RemoteError
from outrig.interfaces import OnThisComputer
from outrig.model.node import (
    Endpoint,
    Inventory,
    Node,
    NodeQuery,
    ProvisionRequest,
    Release,
    ReleaseReport,
    ResourceRef,
    Role,
)
from outrig.node.provider import NodeProvider
from outrig.testing.faulty_provider import ProviderFaults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from outrig.errors import OutrigError
    from outrig.interfaces import Context
    from outrig.settings import Settings

ATTEMPTS = 5


class Throttled(RemoteError):  # noqa: N818 - what it says is an event, not a fault
    """Too many calls; the same one may pass a moment later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the cloud knows of a machine."""

    id: str
    session_id: str
    rank: int
    tags: Mapping[str, str] = field(default_factory=dict)
    stopped: bool = False


class MemoryCloud:
    """Machines in a dictionary; what runs on one runs below `root`, on this computer."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root
        self.machines: dict[str, Machine] = {}
        self.quota = 100
        self.throttled = 0
        self.refuses = False
        self.lists_late = False
        self.calls: list[str] = []
        self.fails: Callable[[str], OutrigError | None] = lambda _call: None
        self._unlisted: set[str] = set()
        self._lock = threading.Lock()

    def make(self, machine: Machine) -> None:
        """Make a machine, unless there is one of that id."""
        with self._lock:
            self._answer("make")
            if machine.id in self.machines:
                return
            if len(self.machines) >= self.quota:
                raise CapacityError(f"the quota is {self.quota} machines, all are in use")
            self.machines[machine.id] = machine
            if self.lists_late:
                self._unlisted.add(machine.id)

    def listed(self) -> tuple[Machine, ...]:
        """List machines; one that was just made may be missing."""
        with self._lock:
            self._answer("list")
            return tuple(one for name, one in self.machines.items() if name not in self._unlisted)

    def remove(self, ids: Iterable[str]) -> None:
        """Remove machines; those that are not there are ignored."""
        with self._lock:
            self._answer("remove")
            for one in ids:
                self.machines.pop(one, None)
                if self.root is not None:
                    shutil.rmtree(self.root / one, ignore_errors=True)

    def settle(self) -> None:
        """List from now on all that is there."""
        with self._lock:
            self.lists_late = False
            self._unlisted.clear()

    def _answer(self, call: str) -> None:
        self.calls.append(call)
        if self.refuses:
            raise AuthError("the cloud refuses these credentials", hint="log in again")
        if self.throttled > 0:
            self.throttled -= 1
            raise Throttled(f"too many calls ({call})")
        error = self.fails(call)
        if error is not None:
            raise error


class MemoryProvider(NodeProvider, OnThisComputer):
    """Nodes of a `MemoryCloud`; keeps the contract of providers, faults included."""

    def __init__(self, settings: Settings, cloud: MemoryCloud | None = None) -> None:
        super().__init__(settings)
        self.cloud = cloud or MemoryCloud()

    def provision(self, request: ProvisionRequest, context: Context) -> tuple[Node, ...]:
        """Make machines; when not all can be had none is kept."""
        context.check_cancelled()
        if request.resume:
            return request.resume
        machines = [
            Machine(
                id=f"{request.token}-{rank}",
                session_id=request.session_id,
                rank=rank,
                tags=request.tags,
            )
            for rank in range(request.count)
        ]
        try:
            for one in machines:
                self._make(one, context)
        except CapacityError:
            self._call(lambda: self.cloud.remove(one.id for one in machines))
            raise
        return tuple(_node(one) for one in machines)

    def _make(self, machine: Machine, context: Context) -> None:
        context.check_cancelled()
        intent = context.journal.intend("node", scope="memory", token=machine.id, tags=machine.tags)
        try:
            self._call(lambda: self.cloud.make(machine))
        except (AuthError, CapacityError):
            intent.nothing_made()
            raise
        intent.created(machine.id)

    def list_nodes(self, query: NodeQuery, context: Context) -> Inventory:
        """List machines, of one session or all."""
        context.check_cancelled()
        found: list[Machine] = []
        self._call(lambda: found.extend(self.cloud.listed()))
        wanted = query.session_id
        return Inventory(
            nodes=tuple(_node(one) for one in found if wanted in (None, one.session_id))
        )

    def release(
        self, targets: tuple[ResourceRef, ...], how: Release, context: Context
    ) -> ReleaseReport:
        """Remove machines; with `KEEP` they stay."""
        if how is Release.TERMINATE:
            self._call(lambda: self.cloud.remove(one.id for one in targets))
        return ReleaseReport(released=targets)

    def endpoint(self, node: Node) -> Endpoint:
        """Return the way to a process on this computer."""
        if self.cloud.root is None:
            raise ConfigError("this cloud runs nothing", hint="give MemoryCloud a directory")
        return Endpoint(root=str(self.cloud.root / node.id))

    def _call(self, call: Callable[[], None]) -> None:
        for _ in range(ATTEMPTS - 1):
            try:
                return call()
            except Throttled:
                continue
        return call()


class MemoryFaults(ProviderFaults):
    """The faults of a `MemoryCloud`, for the contract."""

    def __init__(self, cloud: MemoryCloud) -> None:
        self.cloud = cloud

    def no_capacity(self) -> None:
        self.cloud.quota = 0

    def throttle(self, calls: int) -> None:
        self.cloud.throttled = calls

    def refuse_credentials(self) -> None:
        self.cloud.refuses = True

    def accept_credentials(self) -> None:
        self.cloud.refuses = False

    def list_late(self) -> None:
        self.cloud.lists_late = True

    def settle(self) -> None:
        self.cloud.settle()


def _node(machine: Machine) -> Node:
    return Node(
        id=machine.id,
        provider="memory",
        role=Role.WORKER if machine.rank else Role.HEAD,
        rank=machine.rank,
    )
