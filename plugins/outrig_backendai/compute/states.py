"""Which changes of a session's status are possible."""

from __future__ import annotations

from outrig_backendai.compute.record import SessionStatus

_S = SessionStatus
_OVER = (_S.TERMINATING, _S.ERROR)

ALLOWED: dict[SessionStatus, tuple[SessionStatus, ...]] = {
    _S.PENDING: (_S.SCHEDULED, _S.CANCELLED, _S.ERROR),
    _S.SCHEDULED: (_S.PENDING, _S.PREPARING, *_OVER),
    _S.PREPARING: (_S.PENDING, _S.PULLING, _S.RUNNING, *_OVER),
    _S.PULLING: (_S.PENDING, _S.PREPARING, _S.RUNNING, *_OVER),
    _S.RUNNING: (_S.RESTARTING, _S.RUNNING_DEGRADED, _S.RESIZING, _S.SUSPENDED, *_OVER),
    _S.RUNNING_DEGRADED: (_S.RUNNING, _S.RESTARTING, *_OVER),
    _S.RESTARTING: (_S.RUNNING, _S.PREPARING, *_OVER),
    _S.RESIZING: (_S.RUNNING, *_OVER),
    _S.SUSPENDED: (_S.RESTARTING, _S.RUNNING, *_OVER),
    _S.TERMINATING: (_S.TERMINATED, _S.ERROR),
    _S.ERROR: (_S.TERMINATING, _S.TERMINATED),
    _S.TERMINATED: (),
    _S.CANCELLED: (),
}


def may_become(now: SessionStatus, to: SessionStatus) -> bool:
    """Tell whether a session may go from one status to another; staying is always possible."""
    return to is now or to in ALLOWED[now]
