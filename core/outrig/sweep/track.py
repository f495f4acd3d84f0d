"""Asking the nodes how a sweep's cases stand, many at once and only those that may have changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.model.run import Run, RunRef, RunState, RunStatus
from outrig.model.session import SessionState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.model.node import Node
    from outrig.model.session import Session
    from outrig.model.sweep import Sweep, SweepCase
    from outrig.session.runtime import Runtime

WINDOW = 256
"""So many cases are asked about at once, when most of them go on as they were."""
_LARGEST_WINDOW = 4096


def used_nodes(sweep: Sweep, session: Session) -> tuple[Node, ...]:
    """Return the nodes that a sweep's cases are on: no more than may have one at a time."""
    cap = sweep.options.cap
    return session.nodes[:cap] if cap else session.nodes


def node_of(sweep: Sweep, session: Session, case: SweepCase) -> Node:
    """Return the node a case is on, and on which it stays when it is run again."""
    nodes = used_nodes(sweep, session)
    return nodes[case.number % len(nodes)]


def ref_of(sweep: Sweep, session: Session, case: SweepCase) -> RunRef:
    """Return the handle of a case's run."""
    node = node_of(sweep, session, case)
    return RunRef(id=case.run_id, session_id=session.id, node=node)


def track(runtime: Runtime, sweep: Sweep, session: Session) -> list[SweepCase]:
    """Bring the records of a sweep's cases up to date; returns the cases that changed.

    Cases begin in the order of their numbers. So they are asked about from the first that has not
    ended on, a window at a time, until a window holds none that has begun.
    """
    if session.state is not SessionState.RUNNING:
        return _end_with(runtime, sweep, session)
    changed: list[SweepCase] = []
    after, idle_nodes, window = -1, 0, WINDOW
    count = max(1, len(used_nodes(sweep, session)))
    while idle_nodes < count:
        asked = runtime.state.sweeps.handed(sweep.id, limit=window, after=after)
        if not asked:
            break
        after, window = asked[-1].number, min(4 * window, _LARGEST_WINDOW)
        refs = tuple(ref_of(sweep, session, case) for case in asked)
        states = runtime.executor(session).observe(refs)
        moved = [
            updated(case, state)
            for case, state in zip(asked, states, strict=True)
            if state.status is not case.status
        ]
        begun = any(state.status is not RunStatus.QUEUED for state in states)
        idle_nodes = 0 if begun else idle_nodes + 1
        changed += moved
        record(runtime, sweep, session, moved)
    return changed


def record(runtime: Runtime, sweep: Sweep, session: Session, cases: Sequence[SweepCase]) -> None:
    """Record how cases now stand, and those that have begun as runs of the session."""
    if not cases:
        return
    runtime.state.sweeps.settle(sweep.id, cases)
    begun = [case for case in cases if case.started_at is not None]
    if begun:
        runtime.state.runs.put([run_of(sweep, session, case) for case in begun])


def updated(case: SweepCase, state: RunState) -> SweepCase:
    """Return a case as a node says it stands."""
    started, ended = state.started_at, state.ended_at
    return replace(
        case,
        status=state.status,
        exit_code=state.exit_code,
        started_at=started.timestamp() if started else case.started_at,
        ended_at=ended.timestamp() if ended else None,
        reason=state.reason,
    )


def state_of(case: SweepCase) -> RunState:
    """Return how a case's run stands."""
    from datetime import UTC, datetime

    def moment(seconds: float | None) -> datetime | None:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

    return RunState(
        id=case.run_id,
        status=case.status,
        exit_code=case.exit_code,
        reason=case.reason,
        started_at=moment(case.started_at),
        ended_at=moment(case.ended_at),
    )


def run_of(sweep: Sweep, session: Session, case: SweepCase) -> Run:
    """Return a case's run as other commands know runs."""
    return Run(
        id=case.run_id,
        session_id=session.id,
        script=case.script,
        created_at=sweep.created_at,
        state=state_of(case),
        ref=ref_of(sweep, session, case),
        command=sweep.command,
        params=case.params,
        snapshot_digest=sweep.snapshot_digest,
        environment_digest=session.environment_digest,
        sweep_id=sweep.id,
    )


def _end_with(runtime: Runtime, sweep: Sweep, session: Session) -> list[SweepCase]:
    """Record that what had not ended went with its session."""
    if not (session.state.ended or session.state is SessionState.SUSPENDED):
        return []
    statuses = (RunStatus.QUEUED, RunStatus.RUNNING)
    left = runtime.state.sweeps.cases(sweep.id, statuses)
    now = runtime.clock().timestamp()
    reason = "the session was stopped"
    over = [replace(case, status=RunStatus.CANCELLED, reason=reason, ended_at=now) for case in left]
    record(runtime, sweep, session, over)
    return over
