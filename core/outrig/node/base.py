"""Connections to the node programs of a provider's nodes."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from outrig.errors import UnreachableError
from outrig.interfaces import Provider
from outrig.node.client import HELLO_S, LostNodeError, NodeClient, connect
from outrig.node.watch import SILENCE_S
from outrig.transport.choosing import transport_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrig.model.node import Endpoint, Node
    from outrig.model.run import RunRef
    from outrig.settings import Settings

T = TypeVar("T")
MOST_AT_ONCE = 8
PAUSE_S = 1.0
HELLO_TIMES = 4
"""The node program may take so many times as long as the connection to greet."""


class NodeBase(Provider, ABC):
    """A provider that keeps one connection per node, made when first needed.

    `patience_s` is how long one that was lost is made anew, in seconds.
    """

    patience_s: float = 0.0

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._clients: dict[str, NodeClient] = {}
        self._connecting: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    @abstractmethod
    def endpoint(self, node: Node) -> Endpoint:
        """Return how to reach the node program on a node."""

    def close(self) -> None:
        """Hang up all connections; what runs on the nodes goes on. They are made anew if needed."""
        with self._lock:
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            client.close()

    def client(self, node: Node) -> NodeClient:
        """Return a connection to the node's program; raises `RemoteError`, `AuthError`."""
        with self._lock:
            one_at_a_time = self._connecting.setdefault(node.id, threading.Lock())
        with one_at_a_time:
            found = self._clients.get(node.id)
            if found is not None and found.alive:
                return found
            if found is not None:
                found.close()
            endpoint = self.endpoint(node)
            silence_s = SILENCE_S if endpoint.host is None else endpoint.alive_s
            transport = transport_for(endpoint)
            patience_s = HELLO_S if endpoint.host is None else HELLO_TIMES * endpoint.connect_s
            try:
                client = connect(transport, endpoint.root or "", patience_s, silence_s)
            except UnreachableError:
                if not self.let_in(node):
                    raise
                client = connect(transport, endpoint.root or "", patience_s, silence_s)
            with self._lock:
                self._clients[node.id] = client
            return client

    def let_in(self, node: Node) -> bool:  # noqa: ARG002 - for those that can
        """Open the way to a node that cannot be reached, if it is shut for us; tells if it was."""
        return False

    def on(self, node: Node, action: Callable[[NodeClient], T]) -> T:
        """Do something that may be repeated; once more if the connection is lost meanwhile."""
        try:
            return action(self.client(node))
        except LostNodeError as err:
            return action(self._again(node, err))

    def _again(self, node: Node, lost: LostNodeError) -> NodeClient:
        """Connect again, for as long as the provider's patience lasts, and say why that is."""
        deadline = time.monotonic() + self.patience_s
        told = False
        while True:
            try:
                return self.client(node)
            except UnreachableError as err:
                rest_s = deadline - time.monotonic()
                if rest_s <= 0:
                    raise
                if not told:
                    self.attendant.say(f"{lost}; trying again for {rest_s:.0f} s ({err})")
                    told = True
                self.attendant.pause(min(PAUSE_S, rest_s))

    def on_each(self, nodes: Sequence[Node], action: Callable[[Node], T]) -> tuple[T, ...]:
        """Do something on many nodes at once; raises the first failure."""
        if len(nodes) == 1:
            return (action(nodes[0]),)
        with ThreadPoolExecutor(max_workers=max(1, min(MOST_AT_ONCE, len(nodes)))) as pool:
            return tuple(pool.map(action, nodes))


def by_node(refs: Sequence[RunRef]) -> tuple[tuple[Node, ...], dict[str, list[RunRef]]]:
    """Sort runs by the node they are on."""
    nodes: dict[str, Node] = {}
    found: dict[str, list[RunRef]] = {}
    for ref in refs:
        nodes[ref.node.id] = ref.node
        found.setdefault(ref.node.id, []).append(ref)
    return tuple(nodes.values()), found
