"""The base of every provider whose nodes can run our node program."""

from __future__ import annotations

import threading
from abc import abstractmethod
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from outrig.interfaces import Provider, WithAutostop, WithExecution
from outrig.model.run import LogPart, RunRef, RunState, Stream
from outrig.model.session import SyncReport
from outrig.node.answers import LogAnswer, Nothing, StateAnswer, StatesAnswer
from outrig.node.client import LostNodeError, NodeClient, connect
from outrig.node.syncing import Manifest, NodeSync
from outrig.transport.local import LocalTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrig.interfaces import Context
    from outrig.model.node import Endpoint, Lifetime, Node
    from outrig.model.run import ExecuteRequest, Task
    from outrig.model.session import SyncRequest
    from outrig.settings import Settings
    from outrig.transport.base import Transport

T = TypeVar("T")
MAX_LOG_PART = 4 << 20
WAIT_MARGIN_S = 30.0


def transport_for(endpoint: Endpoint) -> Transport:
    """Return the way to reach a node program."""
    return LocalTransport(endpoint.python)


class NodeProvider(Provider, WithExecution, WithAutostop):
    """Gives sync, runs, files and consoles to a provider that can say how to reach its nodes."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._clients: dict[tuple[str, str], NodeClient] = {}
        self._connecting: dict[tuple[str, str], threading.Lock] = {}
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, Stream], int] = {}
        self._read: dict[tuple[str, Stream], int] = {}
        self._states: dict[str, str] = {}

    @abstractmethod
    def endpoint(self, node: Node) -> Endpoint:
        """Return how to reach the node program on a node."""

    def close(self) -> None:
        """Hang up all connections; what runs on the nodes goes on."""
        with self._lock:
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            client.close()

    def client(self, node: Node) -> NodeClient:
        """Return a connection to the node's program, making it if there is none."""
        key = (node.provider, node.id)
        with self._lock:
            one_at_a_time = self._connecting.setdefault(key, threading.Lock())
        with one_at_a_time:
            found = self._clients.get(key)
            if found is not None and found.alive:
                return found
            if found is not None:
                found.close()
            endpoint = self.endpoint(node)
            client = connect(transport_for(endpoint), endpoint.root or "")
            with self._lock:
                self._clients[key] = client
            return client

    def on(self, node: Node, action: Callable[[NodeClient], T]) -> T:
        """Do something that may be repeated; once more if the connection is lost meanwhile."""
        try:
            return action(self.client(node))
        except LostNodeError:
            return action(self.client(node))

    def on_each(self, nodes: Sequence[Node], action: Callable[[Node], T]) -> tuple[T, ...]:
        """Do something on many nodes at once; raises the first failure."""
        if len(nodes) == 1:
            return (action(nodes[0]),)
        with ThreadPoolExecutor(max_workers=max(1, min(32, len(nodes)))) as pool:
            return tuple(pool.map(action, nodes))

    def sync(self, request: SyncRequest, context: Context) -> SyncReport:
        """See `outrig.hookspecs.sync`."""
        manifest = Manifest(request.snapshot.entries())

        def on_node(node: Node) -> SyncReport:
            return self.on(node, lambda client: self._sync_node(client, manifest, request, context))

        reports = self.on_each(request.nodes, on_node)
        return SyncReport(
            skipped=all(one.skipped for one in reports),
            sent_chunks=sum(one.sent_chunks for one in reports),
            sent_bytes=sum(one.sent_bytes for one in reports),
            written_files=sum(one.written_files for one in reports),
            removed_files=sum(one.removed_files for one in reports),
        )

    def _sync_node(
        self, client: NodeClient, manifest: Manifest, request: SyncRequest, context: Context
    ) -> SyncReport:
        one = NodeSync(client, manifest, request.snapshot)
        answer = one.run(request.session_id, request.clean, context)
        return SyncReport(
            skipped=answer.skipped,
            sent_chunks=one.sent_chunks,
            sent_bytes=one.sent_bytes,
            written_files=answer.written,
            removed_files=answer.removed,
        )

    def execute(self, request: ExecuteRequest, context: Context) -> tuple[RunRef, ...]:
        """See `outrig.hookspecs.execute`. Several nodes get equal shares of the tasks."""
        context.check_cancelled()
        nodes = request.nodes
        shares = {node.id: request.tasks[rank :: len(nodes)] for rank, node in enumerate(nodes)}
        cap = -(-request.cap // len(nodes)) if request.cap else 0
        digest = request.environment and request.environment.digest

        def on_node(node: Node) -> None:
            tasks = [task_fields(task, node) for task in shares[node.id]]
            fields = {"session": request.session_id, "tasks": tasks, "cap": cap}
            if tasks:
                self.on(node, lambda one: one.call(Nothing, "execute", env=digest, **fields))

        self.on_each(nodes, on_node)
        where = {task.id: node for node in nodes for task in shares[node.id]}
        return tuple(
            RunRef(id=task.id, session_id=request.session_id, node=where[task.id])
            for task in request.tasks
        )

    def observe(self, refs: tuple[RunRef, ...]) -> tuple[RunState, ...]:
        """See `RunControl`."""
        return self._ask(refs, "observe", lambda _: {})

    def wait(self, refs: tuple[RunRef, ...], timeout_s: float) -> tuple[RunState, ...]:
        """See `RunControl`; what this provider has told of a run before counts as known."""
        return self._ask(refs, "wait", self._known_of, timeout_s=timeout_s)

    def _known_of(self, ref: RunRef) -> dict[str, object]:
        known: dict[str, object] = {"status": self._states.get(ref.id, "")}
        for stream in Stream:
            key = (ref.id, stream)
            known[stream.value] = self._read.get(key, self._seen.get(key, 0))
        return known

    def _ask(
        self,
        refs: tuple[RunRef, ...],
        op: str,
        more: Callable[[RunRef], dict[str, object]],
        **fields: object,
    ) -> tuple[RunState, ...]:
        by_node: dict[str, list[RunRef]] = {}
        for ref in refs:
            by_node.setdefault(ref.node.id, []).append(ref)
        found: dict[str, StateAnswer] = {}

        def on_node(node: Node) -> None:
            runs = [
                {"run": ref.id, "session": ref.session_id, **more(ref)} for ref in by_node[node.id]
            ]
            answer = self.on(node, lambda one: one.call(StatesAnswer, op, runs=runs, **fields))
            found.update((state.id, state) for state in answer.states)

        self.on_each(tuple({ref.node.id: ref.node for ref in refs}.values()), on_node)
        if op == "wait":
            self._remember(found)
        return tuple(found[ref.id].state() for ref in refs)

    def _remember(self, found: dict[str, StateAnswer]) -> None:
        for run, state in found.items():
            self._states[run] = state.status.value
            self._seen[run, Stream.OUT] = state.out
            self._seen[run, Stream.ERR] = state.err

    def read_log(self, ref: RunRef, stream: Stream, offset: int, max_bytes: int) -> LogPart:
        """See `RunControl`."""
        size = min(max_bytes, MAX_LOG_PART)

        def ask(client: NodeClient) -> LogPart:
            exchange = client.start(
                LogAnswer, "read_log", run=ref.id, stream=stream.value, offset=offset, size=size
            )
            data = b""
            while (piece := exchange.receive()) is not None:
                data += piece
            return LogPart(data=data, offset=offset, ended=exchange.reply().ended)

        part = self.on(ref.node, ask)
        key = (ref.id, stream)
        self._read[key] = max(self._read.get(key, 0), part.next_offset)
        return part

    def cancel(self, refs: tuple[RunRef, ...], grace_s: float) -> None:
        """See `RunControl`."""
        by_node: dict[str, list[RunRef]] = {}
        for ref in refs:
            by_node.setdefault(ref.node.id, []).append(ref)

        def on_node(node: Node) -> None:
            runs = [ref.id for ref in by_node[node.id]]
            self.on(node, lambda one: one.call(Nothing, "cancel", runs=runs, grace_s=grace_s))

        self.on_each(tuple({ref.node.id: ref.node for ref in refs}.values()), on_node)

    def arm(self, session_id: str, nodes: Sequence[Node], lifetime: Lifetime) -> None:
        """See `WithAutostop`."""
        fields = {
            "session": session_id,
            "idle_s": lifetime.idle_s,
            "max_age_s": lifetime.max_age_s,
            "terminate": lifetime.terminate,
        }

        def on_node(node: Node) -> None:
            self.on(node, lambda one: one.call(Nothing, "arm", **fields))

        self.on_each(nodes, on_node)


def task_fields(task: Task, node: Node) -> dict[str, object]:
    """Return a task as nodes are told of it."""
    resources = task.resources
    return {
        "run": task.id,
        "script": task.script,
        "variables": {"OUTRIG_NODE_RANK": str(node.rank), **task.variables},
        "directory": task.directory,
        "cpu": resources.cpu,
        "memory_mib": resources.memory_mib,
        "gpu": resources.gpu,
        "gpu_type": resources.gpu_type,
        "timeout_s": task.timeout_s,
        "background": task.background,
    }
