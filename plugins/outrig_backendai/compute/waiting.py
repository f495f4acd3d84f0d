"""Waiting for a session to start, taking turns at scheduling meanwhile."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from outrig.errors import ConflictError, RemoteError
from outrig_backendai.compute.holds import Holds
from outrig_backendai.compute.launching import launch
from outrig_backendai.compute.record import SessionStatus
from outrig_backendai.compute.scheduling import turn
from outrig_backendai.compute.settling import settle
from outrig_backendai.compute.waking import wake

if TYPE_CHECKING:
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute

_FIRST_S = 0.02
_LONGEST_S = 0.5
_QUIET_S = 1.0
_EVERYWHERE = 10
"""After so many looks at this computer other machines are asked too."""


def wait_started(
    compute: Compute, session: ComputeSession, max_wait_s: float | None
) -> ComputeSession:
    """See `Compute.wait_started`."""
    deadline = None if max_wait_s is None else time.monotonic() + max_wait_s
    with Holds(compute) as holds:
        try:
            session = _wait(compute, session, holds, deadline)
        finally:
            holds.close()
            wake(compute)
    return _checked(session)


def _wait(
    compute: Compute, session: ComputeSession, holds: Holds, deadline: float | None
) -> ComputeSession:
    pause_s = _FIRST_S
    looks, told, began = 0, False, time.monotonic()
    while True:
        compute.outrig.cancel.check()
        mine = holds.take(session.id)
        session = compute.directory.sessions.now(session)
        if mine and session.status is SessionStatus.PENDING:
            if looks:
                settle(compute, everywhere=looks % _EVERYWHERE == 0)
            if turn(compute, holds.ids):
                return launch(compute, compute.directory.sessions.now(session))
        elif session.status is not SessionStatus.PENDING and _settled(session):
            return session
        if deadline is not None and time.monotonic() >= deadline:
            return session
        looks += 1
        told = told or _tell(compute, session, began)
        compute.outrig.cancel.wait(_pause(pause_s, deadline))
        pause_s = min(pause_s * 1.5, _LONGEST_S)


def _tell(compute: Compute, session: ComputeSession, began: float) -> bool:
    """Say that a session waits, and for what, if it has for a while; tells whether it did."""
    now = compute.directory.sessions.now(session)
    waits = now.status is SessionStatus.PENDING and time.monotonic() - began >= _QUIET_S
    if waits:
        compute.outrig.observer.notice(f"{now.name} waits: {now.status_info or 'its turn comes'}")
    return waits


def _settled(session: ComputeSession) -> bool:
    """Tell whether a session has started, or will not start any more."""
    return session.status.running or not session.status.holds


def _pause(pause_s: float, deadline: float | None) -> float:
    if deadline is None:
        return pause_s
    return max(0.0, min(pause_s, deadline - time.monotonic()))


def _checked(session: ComputeSession) -> ComputeSession:
    """Return a session unless it came to nothing."""
    info = f": {session.status_info}" if session.status_info else ""
    if session.status is SessionStatus.ERROR:
        raise RemoteError(
            f'session "{session.name}" ({session.id}) could not be started{info}',
            hint=f"what happened: outrig bai events {session.id}",
        )
    if session.status is SessionStatus.CANCELLED:
        raise ConflictError(f'session "{session.name}" ({session.id}) was cancelled{info}')
    return session
