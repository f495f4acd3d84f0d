"""Cancelling a sweep, and running again what has not succeeded."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.errors import OutrigError
from outrig.ids import new_id
from outrig.model.run import RunStatus
from outrig.model.sweep import SweepState
from outrig.sweep.drive import cancel_on_nodes

if TYPE_CHECKING:
    from outrig.engine import Outrig
    from outrig.model.sweep import Sweep

FAILED = (RunStatus.FAILED, RunStatus.LOST)
NO_SUCCESS = (*FAILED, RunStatus.CANCELLED)


def ask_to_cancel(outrig: Outrig, sweep: Sweep) -> Sweep:
    """Record the wish that a sweep ends, and pass it on to the nodes; whoever drives it heeds it.

    A sweep that has ended is left as it is.
    """
    sweep = outrig.state.sweeps.change(
        sweep.id, lambda now: now if now.state.ended else replace(now, cancelled=True)
    )
    session = outrig.state.sessions.get(sweep.session_id) if sweep.session_id else None
    if session is not None and not sweep.state.ended:
        with suppress(OutrigError):
            cancel_on_nodes(outrig, sweep, session)
    return sweep


def run_again(outrig: Outrig, sweep: Sweep, statuses: tuple[RunStatus, ...]) -> int:
    """Put the cases that stand in one of these ways back into the queue; returns how many.

    Of two processes that do this at once each case is taken by one. The sweep then waits for
    somebody to drive it, if it had ended.
    """
    pairs = [
        (case, replace(case, run_id=new_id(), attempt=1, due_at=0.0))
        for case in outrig.state.sweeps.cases(sweep.id, statuses)
    ]

    def reopen(now: Sweep) -> Sweep:
        if not now.state.ended and not now.cancelled:
            return now
        return replace(now, state=SweepState.WAITING, cancelled=False, ended_at=None, reason=None)

    return outrig.state.sweeps.again(sweep.id, pairs, reopen)
