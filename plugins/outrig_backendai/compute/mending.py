"""Bringing sessions up to date: what died half way, what ended by itself, who never starts.

Listings do it first, so what ends and launches sessions is imported where it is needed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.api import RunStatus, SessionState
from outrig.errors import ConflictError, OutrigError
from outrig_backendai.compute.conditions import can_never
from outrig_backendai.compute.holds import Holds
from outrig_backendai.compute.record import Result, SessionStatus
from outrig_backendai.compute.request import BATCH
from outrig_backendai.compute.sessions import PROJECT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.api import Session
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute

_STARTING = (SessionStatus.SCHEDULED, SessionStatus.PREPARING, SessionStatus.PULLING)
_MOST_ATTEMPTS = 3
_AT_ONCE = 8
IDLE = "idle-timeout"


def mend(
    compute: Compute,
    dependent: Sequence[ComputeSession],
    holding: Sequence[ComputeSession],
    *,
    everywhere: bool,
) -> None:
    """Bring sessions that depend on others, or hold slots, up to date.

    Each unless somebody works on it.
    """
    for session in dependent:
        never = can_never(compute, session)
        if never is not None:
            _quietly_cancel(compute, session, never)
    if any(one.status.running for one in holding):
        compute.outrig.overview(PROJECT)  # asks this computer's node about them
    if len(holding) == 1:
        _settle(compute, holding[0], everywhere)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for task in [pool.submit(_settle, compute, one, everywhere) for one in holding]:
            task.result()


def _settle(compute: Compute, session: ComputeSession, everywhere: bool) -> None:
    with Holds(compute) as holds:
        if not holds.take(session.id):
            return
        session = compute.directory.sessions.now(session)
        try:
            if session.status.running:
                _settle_running(compute, session, everywhere)
            else:
                _finish(compute, session)
        except OutrigError as err:
            compute.outrig.observer.notice(f"{session.name}: {err}")


def _finish(compute: Compute, session: ComputeSession) -> None:
    """Bring to its end, or back to its beginning, what somebody who is dead was doing."""
    from outrig_backendai.compute.restarting import bring_up_again

    if session.status in _STARTING:
        _launch_died(compute, session)
    elif session.status is SessionStatus.RESTARTING:
        bring_up_again(compute, session)
    elif session.status is SessionStatus.TERMINATING:
        _terminate(compute, session, session.status_info or "")


def _terminate(compute: Compute, session: ComputeSession, reason: str) -> None:
    from outrig_backendai.compute.ending import terminate

    terminate(compute, session, reason)


def _quietly_cancel(compute: Compute, session: ComputeSession, reason: str) -> None:
    from outrig_backendai.compute.ending import cancel

    try:
        cancel(compute, session, reason)
    except ConflictError:
        return  # somebody else was first


def _launch_died(compute: Compute, session: ComputeSession) -> None:
    """Put a session back whose launch died with its process; after some times it is in ERROR."""
    from outrig_backendai.compute.launching import end_kernels, move, put_back

    if session.attempts + 1 < _MOST_ATTEMPTS:
        put_back(compute, session, "its launch was cut short")
        return
    end_kernels(compute, session)
    reason = f"its launch was cut short {_MOST_ATTEMPTS} times"
    move(compute, session, SessionStatus.ERROR, status_info=reason)


def _settle_running(compute: Compute, session: ComputeSession, everywhere: bool) -> None:
    there = compute.outrig.state.sessions.get(session.main.outrig_session_id or "")
    if there is not None and everywhere:
        there = _asked(compute, there)
    if there is None or there.state.ended:
        _terminate(compute, session, "its Outrig session was stopped")
    elif there.state is SessionState.SUSPENDED:
        _terminate(compute, session, IDLE if "idle" in (there.error or "") else there.error or "")
    elif session.type == BATCH and there.state is SessionState.RUNNING:
        _settle_batch(compute, session)


def _asked(compute: Compute, there: Session) -> Session:
    """Return an Outrig session as its node says it stands; this computer's was asked already."""
    from outrig_backendai.compute.places import is_here

    return there if is_here(compute, there) else compute.outrig.bring_up_to_date(there)


def _settle_batch(compute: Compute, session: ComputeSession) -> None:
    if session.main_run_id is None:
        from outrig_backendai.compute.batch import start_command

        session = start_command(compute, session)
    _, run = compute.outrig.run(session.main_run_id or "")
    if not run.state.status.ended:
        return
    result = Result.SUCCESS if run.state.status is RunStatus.SUCCEEDED else Result.FAILURE
    code = run.state.exit_code
    compute.directory.sessions.change(
        session.id, lambda one: replace(one, result=result, exit_code=code)
    )
    _terminate(compute, session, "task-done" if result is Result.SUCCESS else "task-failed")
