"""Which changes of state are possible. A state's row names all it may change to."""

from __future__ import annotations

from outrig.errors import OutrigError
from outrig.model.run import RunStatus
from outrig.model.session import SessionState

_S = SessionState
_R = RunStatus

SESSION_TRANSITIONS: dict[SessionState, frozenset[SessionState]] = {
    _S.PENDING: frozenset({_S.PREPARING, _S.CANCELLED, _S.ERROR, _S.TERMINATING}),
    _S.PREPARING: frozenset({_S.PULLING, _S.RUNNING, _S.ERROR, _S.TERMINATING}),
    _S.PULLING: frozenset({_S.PREPARING, _S.RUNNING, _S.ERROR, _S.TERMINATING}),
    _S.RUNNING: frozenset({_S.RESTARTING, _S.RESIZING, _S.SUSPENDED, _S.ERROR, _S.TERMINATING}),
    _S.RESTARTING: frozenset({_S.PREPARING, _S.RUNNING, _S.ERROR, _S.TERMINATING}),
    _S.RESIZING: frozenset({_S.RUNNING, _S.ERROR, _S.TERMINATING}),
    _S.SUSPENDED: frozenset({_S.RESTARTING, _S.ERROR, _S.TERMINATING}),
    _S.ERROR: frozenset({_S.RESTARTING, _S.TERMINATING}),
    _S.TERMINATING: frozenset({_S.TERMINATED, _S.ERROR}),
    _S.TERMINATED: frozenset(),
    _S.CANCELLED: frozenset(),
}

COSTING = frozenset(_S) - {_S.PENDING, _S.SUSPENDED, _S.RESTARTING, _S.TERMINATED, _S.CANCELLED}
"""In which states a session's nodes run; in the others they are stopped, or gone."""

RUN_TRANSITIONS: dict[RunStatus, frozenset[RunStatus]] = {
    _R.QUEUED: frozenset({_R.RUNNING, _R.SUCCEEDED, _R.FAILED, _R.CANCELLED, _R.LOST}),
    _R.RUNNING: frozenset({_R.SUCCEEDED, _R.FAILED, _R.CANCELLED, _R.LOST}),
    _R.SUCCEEDED: frozenset(),
    _R.FAILED: frozenset(),
    _R.CANCELLED: frozenset(),
    _R.LOST: frozenset(),
}


def change_session(now: SessionState, to: SessionState) -> SessionState:
    """Return `to` if a session may go there from `now`; raises `OutrigError` otherwise."""
    if to is not now and to not in SESSION_TRANSITIONS[now]:
        raise OutrigError(f"a session that is {now.value} cannot become {to.value}")
    return to


def change_run(now: RunStatus, to: RunStatus) -> RunStatus:
    """Return `to` if a run may go there from `now`; raises `OutrigError` otherwise."""
    if to is not now and to not in RUN_TRANSITIONS[now]:
        raise OutrigError(f"a run that is {now.value} cannot become {to.value}")
    return to
