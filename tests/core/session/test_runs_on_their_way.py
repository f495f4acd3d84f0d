"""Runs that are recorded but not with their node yet, looked at by another process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from outrig.ids import new_id
from outrig.model.run import Run, RunRef, RunState, RunStatus, Task
from outrig.session.execute import hand_out

if TYPE_CHECKING:
    from outrig.engine import Outrig
    from outrig.model.session import Session


def recorded(outrig: Outrig, session: Session, age_s: float = 0) -> Run:
    """Record a run as the process does that is going to hand it to its node."""
    run = new_id()
    made = Run(
        id=run,
        session_id=session.id,
        script="echo late",
        created_at=datetime.now(UTC) - timedelta(seconds=age_s),
        state=RunState(id=run, status=RunStatus.QUEUED),
        ref=RunRef(id=run, session_id=session.id, node=session.nodes[0]),
    )
    outrig.state.runs.put([made])
    return made


def test_a_run_on_its_way_is_not_lost_and_ends_as_it_does(outrig: Outrig, session: Session) -> None:
    run = recorded(outrig, session)
    assert [one.state.status for one in outrig.refresh(session)] == [RunStatus.QUEUED]
    hand_out(outrig.runtime, session, session.nodes, [Task(id=run.id, script=run.script)], None)
    assert [one.state.status for one in outrig.wait(session, [run])] == [RunStatus.SUCCEEDED]


def test_a_run_that_never_came_to_its_node_is_lost(outrig: Outrig, session: Session) -> None:
    run = recorded(outrig, session, age_s=300)
    assert [one.state.status for one in outrig.wait(session, [run])] == [RunStatus.LOST]


def test_a_run_that_its_node_had_and_forgot_is_lost(outrig: Outrig, session: Session) -> None:
    run = recorded(outrig, session)
    outrig.runtime.record_runs(session, "run.started", {run.id: run.script})
    assert [one.state.status for one in outrig.wait(session, [run])] == [RunStatus.LOST]
