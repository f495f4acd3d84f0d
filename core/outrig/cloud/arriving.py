"""From machines that were asked for to nodes that can be used: running, reached, recognised."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outrig.cloud.machines import MachineState, Wanted
from outrig.errors import AuthError, CapacityError, OutrigError, RemoteError
from outrig.model.node import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrig.cloud.account import Account
    from outrig.cloud.machines import Machine
    from outrig.cloud.settings import CloudSettings
    from outrig.interfaces import Context
    from outrig.model.node import Node

REFUSED_S = 60.0
"""How long a machine that boots may refuse us before that is believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A machine that did not become a node, and why."""

    id: str
    scope: str
    error: OutrigError


class Arrival:
    """Waits for machines; each is asked about together with the others of its scope."""

    def __init__(self, account: Account, settings: CloudSettings, context: Context) -> None:
        self._account = account
        self._settings = settings
        self._context = context
        self._deadline = time.monotonic() + settings.ready_s

    def running(
        self, wanted: Mapping[str, Sequence[str]], facts: Mapping[str, Mapping[str, str]]
    ) -> tuple[list[Node], list[Failed]]:
        """Wait until all machines (ids by scope) run or have ended; returns both kinds.

        `facts` are what is known of each beside what the cloud tells: `host_key`, `user`, `price`.
        """
        nodes: list[Node] = []
        failed: list[Failed] = []
        for scope, ids in wanted.items():
            left, pause = set(ids), self._settings.poll_s / 4
            while left:
                self._context.check_cancelled()
                asked = Wanted(ids=tuple(sorted(left)))
                for one in self._account.machines(scope, asked, ended=True).machines:
                    self._sort(one, facts, nodes, failed)
                left -= {one.id for one in nodes} | {one.id for one in failed}
                if left and time.monotonic() > self._deadline:
                    failed += [self._late(one, scope) for one in left]
                    break
                if left:
                    self._context.progress(len(nodes), None, "nodes run")
                    time.sleep(pause)
                    pause = min(pause * 1.5, self._settings.poll_s * 2)
        return nodes, failed

    def _sort(
        self,
        found: Machine,
        facts: Mapping[str, Mapping[str, str]],
        nodes: list[Node],
        failed: list[Failed],
    ) -> None:
        name = self._account.name
        if found.state is MachineState.RUNNING and (found.public or found.private):
            node = found.node(name)
            data = {**node.data, **found.known, **facts.get(node.id, {})}
            private = self._settings.private and found.private
            nodes.append(replace(node, address=private or node.address, data=data))
        elif found.state in (MachineState.ENDING, MachineState.GONE):
            why = found.why or f"it is {found.state.value}"
            error = CapacityError(f"{name} {found.scope}: {found.id} ended at once: {why}")
            failed.append(Failed(id=found.id, scope=found.scope, error=error))

    def reached(self, node: Node, introduce: Callable[[Node], Node]) -> Node | Failed:
        """Wait until a node lets us in, and return it with the host key that is its own.

        `introduce` tries once: `RemoteError` is tried again, `AuthError` for a while.
        """
        refused_since: float | None = None
        while True:
            try:
                self._context.check_cancelled()
                return introduce(node)
            except AuthError as err:
                refused_since = refused_since or time.monotonic()
                last: OutrigError = err
                over = time.monotonic() - refused_since > REFUSED_S
            except RemoteError as err:
                last, over = err, False
            if over or time.monotonic() > self._deadline:
                return Failed(id=node.id, scope=node.data["scope"], error=last)
            threading.Event().wait(self._settings.poll_s / 2)

    def _late(self, machine: str, scope: str) -> Failed:
        error = RemoteError(f"{self._account.name} {scope}: {machine} does not run in time")
        return Failed(id=machine, scope=scope, error=error)


def ranked(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Return nodes as head and workers, in this order."""
    return tuple(
        replace(node, role=Role.WORKER if rank else Role.HEAD, rank=rank)
        for rank, node in enumerate(nodes)
    )
