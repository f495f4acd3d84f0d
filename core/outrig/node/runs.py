"""Sync and runs on nodes, as the engine asks for them."""

from __future__ import annotations

from abc import ABC
from contextlib import closing
from typing import TYPE_CHECKING

from outrig.interfaces import WithExecution, WithMetrics
from outrig.model.run import LogPart, RunRef, RunState, RunStatus, Stream
from outrig.model.session import SyncReport
from outrig.node.answers import LogAnswer, Nothing, StateAnswer, StatesAnswer
from outrig.node.base import NodeBase, by_node
from outrig.node.packing import Packing
from outrig.node.syncing import Manifest, sync_node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig.interfaces import Context
    from outrig.model.node import Node
    from outrig.model.resources import Resources
    from outrig.model.run import ExecuteRequest, Task
    from outrig.model.session import SyncRequest
    from outrig.node.client import NodeClient
    from outrig.settings import Settings

MAX_LOG_PART = 4 << 20
_WRITTEN = {one.value for one in RunStatus if one.ended and one is not RunStatus.LOST}


class Known:
    """What this provider has told of runs: a `wait` returns when there is more than that."""

    def __init__(self) -> None:
        self._states: dict[str, str] = {}
        self._sizes: dict[tuple[str, Stream], int] = {}
        self._read: dict[tuple[str, Stream], int] = {}
        self._just_told: dict[tuple[str, Stream], int] = {}

    def of(self, run_id: str) -> dict[str, object]:
        """Return the state and the log sizes that are known; of a log that is read, the offset."""
        known: dict[str, object] = {"status": self._states.get(run_id, "")}
        for stream in Stream:
            key = (run_id, stream)
            known[stream.value] = self._read.get(key, self._sizes.get(key, 0))
        return known

    def told(self, state: StateAnswer) -> None:
        """Note what a `wait` returned."""
        self._states[state.id] = state.status.value
        self._sizes[state.id, Stream.OUT] = state.out
        self._sizes[state.id, Stream.ERR] = state.err
        self._just_told |= {(state.id, stream): self._sizes[state.id, stream] for stream in Stream}

    def asked_otherwise(self, run_id: str) -> None:
        """Note that the node was asked for a run's state, not for the size of its logs."""
        for stream in Stream:
            self._just_told.pop((run_id, stream), None)

    def is_read(self, run_id: str, stream: Stream, offset: int) -> bool:
        """Tell whether the last `wait` said that there is nothing from `offset` on.

        It does so once: who asks again wants to know what came meanwhile.
        """
        size = self._just_told.get((run_id, stream))
        if size is None or offset < size:
            return False
        self._just_told.pop((run_id, stream), None)
        return True

    def has_ended(self, run_id: str) -> bool:
        """Tell whether the last `wait` said that a run had written all that it would."""
        return self._states.get(run_id) in _WRITTEN

    def read(self, run_id: str, stream: Stream, offset: int) -> None:
        """Note how far a log was read."""
        self._read[run_id, stream] = max(self._read.get((run_id, stream), 0), offset)


class RunsOnNodes(NodeBase, WithExecution, WithMetrics, ABC):
    """Gives `sync`, `execute` and run control."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._known = Known()
        self._notices: dict[str, str] = {}

    def sync(self, request: SyncRequest, context: Context) -> SyncReport:
        """See `outrig.hookspecs.sync`."""
        manifest = Manifest(request.snapshot.entries())

        packing = Packing(request.snapshot, context, shared=len(request.nodes) > 1)

        def on_node(node: Node) -> SyncReport:
            return self.on(node, lambda client: sync_node(client, manifest, request, packing))

        with closing(packing):
            reports = self.on_each(request.nodes, on_node)
        return SyncReport(
            skipped=all(one.skipped for one in reports),
            sent_chunks=sum(one.sent_chunks for one in reports),
            sent_bytes=sum(one.sent_bytes for one in reports),
            written_files=sum(one.written_files for one in reports),
            removed_files=sum(one.removed_files for one in reports),
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
            fields: dict[str, object] = {
                "session": request.session_id,
                "tasks": tasks,
                "cap": cap,
                "env": digest,
                "group": request.group,
                "priority": request.priority,
            }
            if tasks:
                self.on(node, lambda client: client.call(Nothing, "execute", **fields))

        self.on_each(nodes, on_node)
        where = {task.id: node for node in nodes for task in shares[node.id]}
        return tuple(
            RunRef(id=task.id, session_id=request.session_id, node=where[task.id])
            for task in request.tasks
        )

    def can_run(self, node: Node, resources: Resources) -> None:
        """Raise `CapacityError` when a node is too small for what a run is to take."""
        fields = resource_fields(resources)
        self.on(node, lambda client: client.call(Nothing, "can_run", **fields))

    def observe(self, refs: tuple[RunRef, ...]) -> tuple[RunState, ...]:
        """See `RunControl`."""
        found = self._ask(refs, "observe")
        for ref in refs:
            self._known.asked_otherwise(ref.id)
        return tuple(found[ref.id].state() for ref in refs)

    def wait(self, refs: tuple[RunRef, ...], timeout_s: float) -> tuple[RunState, ...]:
        """See `RunControl`; it is about what differs from what this provider has told before."""
        found = self._ask(refs, "wait", timeout_s)
        for state in found.values():
            self._known.told(state)
        return tuple(found[ref.id].state() for ref in refs)

    def _ask(
        self, refs: tuple[RunRef, ...], op: str, timeout_s: float = 0.0
    ) -> dict[str, StateAnswer]:
        nodes, on_them = by_node(refs)

        def on_node(node: Node) -> tuple[StateAnswer, ...]:
            runs = [
                {"run": ref.id, "session": ref.session_id, **self._known.of(ref.id)}
                for ref in on_them[node.id]
            ]
            answer = self.on(
                node,
                lambda client: client.call(StatesAnswer, op, runs=runs, timeout_s=timeout_s),
            )
            if answer.notice and answer.notice != self._notices.get(node.id):
                self._notices[node.id] = answer.notice
                self.attendant.notice(node, answer.notice)
            return answer.states

        return {state.id: state for states in self.on_each(nodes, on_node) for state in states}

    def read_log(self, ref: RunRef, stream: Stream, offset: int, max_bytes: int) -> LogPart:
        """See `RunControl`; what `wait` has just told of the log's size is not asked again."""
        if self._known.is_read(ref.id, stream, offset):
            return LogPart(data=b"", offset=offset, ended=self._known.has_ended(ref.id))
        size = min(max_bytes, MAX_LOG_PART)

        def ask(client: NodeClient) -> LogPart:
            exchange = client.start(
                LogAnswer, "read_log", run=ref.id, stream=stream.value, offset=offset, size=size
            )
            data = exchange.gather(size)
            return LogPart(data=data, offset=offset, ended=exchange.reply().ended)

        part = self.on(ref.node, ask)
        self._known.read(ref.id, stream, part.next_offset)
        return part

    def read_metrics(self, refs: tuple[RunRef, ...]) -> Mapping[str, bytes]:
        """See `WithMetrics`."""
        nodes, on_them = by_node(refs)

        def on_node(node: Node) -> dict[str, bytes]:
            runs = [ref.id for ref in on_them[node.id]]
            return self.on(node, lambda client: _metrics(client, runs))

        found = self.on_each(nodes, on_node)
        return {run: lines for one in found for run, lines in one.items()}

    def cancel(self, refs: tuple[RunRef, ...], grace_s: float) -> None:
        """See `RunControl`."""
        nodes, on_them = by_node(refs)

        def on_node(node: Node) -> None:
            sessions: dict[str, list[str]] = {}
            for ref in on_them[node.id]:
                sessions.setdefault(ref.session_id, []).append(ref.id)
            for session, runs in sessions.items():
                fields = {"session": session, "runs": runs, "grace_s": grace_s}
                self.on(node, lambda client: client.call(Nothing, "cancel", **fields))  # noqa: B023

        self.on_each(nodes, on_node)


def _metrics(client: NodeClient, runs: list[str]) -> dict[str, bytes]:
    found = {}
    exchange = client.start(Nothing, "metrics", runs=runs)
    for piece in exchange.pieces():
        run, _, lines = piece.partition(b"\n")
        found[run.decode("ascii", "replace")] = lines
    exchange.reply()
    return found


def task_fields(task: Task, node: Node) -> dict[str, object]:
    """Return a task as nodes are told of it."""
    return {
        "run": task.id,
        "script": task.script,
        "variables": {
            "OUTRIG_NODE_RANK": str(node.rank),
            "OUTRIG_NODE_ROLE": node.role.value,
            **task.variables,
        },
        "directory": task.directory,
        **resource_fields(task.resources),
        "timeout_s": task.timeout_s,
        "background": task.background,
        "shared": task.of_session,
        "apart": None if task.apart is None else list(task.apart),
    }


def resource_fields(resources: Resources) -> dict[str, object]:
    """Return slots as nodes are told of them."""
    return {
        "cpu": resources.cpu,
        "memory_mib": resources.memory_mib,
        "gpu": resources.gpu,
        "gpu_type": resources.gpu_type,
    }
