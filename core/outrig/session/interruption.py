"""When a provider takes nodes back: what was cut is recorded, and run again if that was asked."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from outrig.ids import new_id
from outrig.model.interruption import Interruption
from outrig.model.run import RunRef, RunState, RunStatus
from outrig.model.session import SessionState
from outrig.session.execute import hand_out, task_of
from outrig.session.following import was_killed
from outrig.session.requests import NewRun
from outrig.session.stop import suspend

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from outrig.model.node import Node
    from outrig.model.run import Run
    from outrig.model.session import Session
    from outrig.session.runtime import Runtime

INTERRUPTED = "session.interrupted"
SHUTDOWN = timedelta(minutes=2)
"""So long after a machine begins to end its programs it is gone."""


def taken_back(runtime: Runtime, session: Session, nodes: Sequence[Node], reason: str) -> Session:
    """Record that these nodes of a running session are gone; returns the session's record.

    It is RESTARTING where it is to get new ones, else SUSPENDED, and its other nodes are given
    back, to be resumed. Runs on the nodes whose end was not seen are LOST. Raises `RemoteError`.
    """
    gone = {node.id for node in nodes}
    runtime.record(session, INTERRUPTED, f"{', '.join(sorted(gone))}: {reason}")
    _cut(runtime, session, gone, reason)
    if session.on_interruption is not Interruption.STOP:
        return runtime.move(session, SessionState.RESTARTING, error=reason)
    suspend(runtime, session, tuple(node for node in session.nodes if node.id not in gone))
    return runtime.move(session, SessionState.SUSPENDED, error=reason)


def _cut(runtime: Runtime, session: Session, gone: set[str], reason: str) -> None:
    now = runtime.clock()
    there = [
        run
        for run in runtime.state.runs.of_session(session.id)
        if run.ref is not None and run.ref.node.id in gone
    ]
    open_runs = [run for run in there if not run.state.status.ended]
    killed = [run for run in there if _went_down_with(run, now)]
    lost = [replace(run.state, status=RunStatus.LOST, reason=reason) for run in open_runs]
    states = [*lost, *(replace(run.state, reason=reason) for run in killed)]
    runtime.state.runs.put(
        [
            replace(run, cut=True, state=replace(state, ended_at=now))
            for run, state in zip([*open_runs, *killed], states, strict=True)
        ]
    )
    runtime.record_runs(session, "run.ended", {run.id: f"LOST: {reason}" for run in open_runs})


def _went_down_with(run: Run, now: datetime) -> bool:
    """Tell whether a run was killed shortly before its machine was seen to be gone."""
    ended = run.state.ended_at
    return was_killed(run.state) and ended is not None and now - ended <= SHUTDOWN


def run_cut_again(runtime: Runtime, session: Session) -> None:
    """Start again what the last interruption cut, once each, on the node in the same place.

    The new run is recorded before a node hears of it, and a node starts one id once: so where this
    was killed half way, doing it again starts nothing twice. Cases of sweeps are their driver's.
    """
    runs = runtime.state.runs.of_session(session.id)
    repeated = {run.repeats for run in runs}
    fresh = [
        _again(runtime, session, run)
        for run in _cut_last(runtime, session, runs)
        if run.id not in repeated
    ]
    runtime.state.runs.put(fresh)
    for run in fresh:
        text = f"again, as {run.repeats} was cut: {run.script.strip()}"
        runtime.record(session, "run.started", text, run_id=run.id)
    on_node: dict[int, list[Run]] = defaultdict(list)
    for run in [*runs, *fresh]:
        if run.repeats and run.ref is not None and run.state.status is RunStatus.QUEUED:
            on_node[run.ref.node.rank].append(run)
    for rank, some in on_node.items():
        tasks = [task_of(runtime, session, run, _wanted(run)) for run in some]
        hand_out(runtime, session, (session.nodes[rank],), tasks, None)


def _cut_last(runtime: Runtime, session: Session, runs: Sequence[Run]) -> list[Run]:
    """Return the runs that the last interruption cut; earlier ones were decided on before."""
    events = runtime.state.events.of_session(session.id)
    last = max((one.time for one in events if one.kind == INTERRUPTED), default=None)
    return [
        run
        for run in runs
        if run.cut
        and run.sweep_id is None
        and not run.beside
        and last is not None
        and run.state.ended_at is not None
        and run.state.ended_at >= last
    ]


def _again(runtime: Runtime, session: Session, run: Run) -> Run:
    run_id = new_id()
    rank = 0 if run.ref is None else run.ref.node.rank
    node = session.nodes[min(rank, len(session.nodes) - 1)]
    return replace(
        run,
        id=run_id,
        repeats=run.id,
        cut=False,
        created_at=runtime.clock(),
        state=RunState(id=run_id, status=RunStatus.QUEUED),
        ref=RunRef(id=run_id, session_id=session.id, node=node),
        snapshot_digest=session.snapshot_digest,
        environment_digest=session.environment_digest,
    )


def _wanted(run: Run) -> NewRun:
    return NewRun(
        script=run.script,
        command=run.command,
        params=run.params,
        resources=run.resources,
        timeout_s=run.timeout_s,
        background=run.background,
        tmux=run.tmux,
    )


def in_old_places(before: Sequence[Node], nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Return nodes so that each that was there keeps its rank, and new ones fill the gaps."""
    ranks = {node.id: node.rank for node in before}
    kept = {ranks[node.id]: node for node in nodes if ranks.get(node.id, len(nodes)) < len(nodes)}
    new = iter([node for node in nodes if node not in kept.values()])
    placed = [kept[rank] if rank in kept else next(new) for rank in range(len(nodes))]
    return tuple(
        replace(node, rank=rank, role=nodes[rank].role) for rank, node in enumerate(placed)
    )
