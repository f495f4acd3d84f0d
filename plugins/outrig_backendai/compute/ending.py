"""Ending sessions: what waits is cancelled, what runs is terminated with all it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.errors import ConflictError, OutrigError
from outrig_backendai.compute.holds import Holds
from outrig_backendai.compute.launching import end_kernels, move
from outrig_backendai.compute.record import SessionStatus
from outrig_backendai.execution.keeping import keep_logs
from outrig_backendai.folders.bringing import take_back

if TYPE_CHECKING:
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute

BY_USER = "user-requested"
FORCED = "force-terminated"
_REFUSED = (SessionStatus.SCHEDULED, SessionStatus.PREPARING, SessionStatus.PULLING)


def end(compute: Compute, session: ComputeSession, *, forced: bool = False) -> ComputeSession:
    """End a session at its user's wish; returns its record.

    One that is just starting, or in ERROR, is ended only by force. Raises `ConflictError`, and
    `RemoteError` when something could not be given back: the session is then in ERROR.
    """
    session = compute.directory.sessions.now(session)
    if session.status.ended:
        return session
    if session.status is SessionStatus.PENDING:
        try:
            return cancel(compute, session, BY_USER)
        except ConflictError:  # it got its agents in this moment
            session = compute.directory.sessions.now(session)
    if not forced and session.status in (*_REFUSED, SessionStatus.ERROR):
        raise ConflictError(
            f'session "{session.name}" is {session.status.value}',
            hint=f"end it nevertheless: outrig bai rm -f {session.name}",
        )
    with Holds(compute) as holds:
        if not forced:
            holds.obtain(session.id)
        return terminate(compute, session, FORCED if forced else BY_USER)


def cancel(compute: Compute, session: ComputeSession, reason: str) -> ComputeSession:
    """Take a waiting session out of the queue; raises `ConflictError` when it waits no more."""
    return move(
        compute,
        session,
        SessionStatus.CANCELLED,
        status_info=reason,
        terminated_at=compute.now(),
    )


def terminate(compute: Compute, session: ComputeSession, reason: str) -> ComputeSession:
    """Give back what a session holds and record that it is over; its lock is ours."""
    session = compute.directory.sessions.now(session)
    if session.status.ended:
        return session
    if session.status is not SessionStatus.TERMINATING:
        session = move(compute, session, SessionStatus.TERMINATING, status_info=reason)
    keep_logs(compute, session)
    take_back(compute, session)
    try:
        end_kernels(compute, session)
    except OutrigError as err:
        move(compute, session, SessionStatus.ERROR, status_info=f"it could not be ended: {err}")
        raise
    return move(
        compute,
        session,
        SessionStatus.TERMINATED,
        status_info=session.status_info,
        terminated_at=compute.now(),
    )
