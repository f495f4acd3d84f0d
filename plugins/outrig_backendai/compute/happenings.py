"""The events that a change of a session is, by the names that users of Backend.AI know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig_backendai.compute.record import Result, SessionStatus
from outrig_backendai.directory.events import add_event

if TYPE_CHECKING:
    from sqlite3 import Connection

    from outrig_backendai.compute.record import ComputeSession, Kernel

_S = SessionStatus
_OF_SESSION = {
    _S.SCHEDULED: "session_scheduled",
    _S.RUNNING: "session_started",
    _S.TERMINATING: "session_terminating",
    _S.TERMINATED: "session_terminated",
    _S.CANCELLED: "session_cancelled",
    _S.ERROR: "session_failed",
    _S.RESTARTING: "session_restarting",
    _S.PENDING: "session_enqueued",
}
_OF_KERNELS = {
    _S.PREPARING: ("kernel_preparing",),
    _S.PULLING: ("kernel_pulling",),
    _S.RUNNING: ("kernel_started",),
    _S.TERMINATING: ("kernel_terminating",),
    _S.TERMINATED: ("kernel_terminated",),
    _S.CANCELLED: ("kernel_cancelled",),
}


def event_of(status: SessionStatus) -> str:
    """Return the name of the event that a session has this status from now on."""
    return _OF_SESSION.get(status, f"session_{status.value.lower()}")


def record_change(rows: Connection, before: ComputeSession | None, now: ComputeSession) -> None:
    """Record what a change of status and result is to those who follow a session."""
    if before is None or before.status is not now.status:
        for name in _OF_KERNELS.get(now.status, ()):
            for kernel in now.kernels:
                _add(rows, now, name, kernel)
        if now.status in _OF_SESSION:
            _add(rows, now, _OF_SESSION[now.status])
    if before is not None and not _is_made(before) and _is_made(now):
        for kernel in now.kernels:
            _add(rows, now, "kernel_creating", kernel)
    if before is not None and before.result is not now.result:
        _add(rows, now, f"session_{now.result.value.lower()}")


def _is_made(session: ComputeSession) -> bool:
    return session.main.outrig_session_id is not None


def _add(
    rows: Connection, session: ComputeSession, name: str, kernel: Kernel | None = None
) -> None:
    data: dict[str, object] = {
        "reason": session.status_info or "",
        "sessionName": session.name,
        "ownerAccessKey": session.access_key,
        "sessionId": session.id,
    }
    if kernel is not None:
        data |= {
            "kernelId": kernel.id,
            "clusterRole": kernel.role,
            "clusterIdx": kernel.idx,
        }
    if session.result is not Result.UNDEFINED and session.exit_code is not None:
        data["exitCode"] = session.exit_code
    ident = None if kernel is None else kernel.id
    add_event(rows, session.id, name, session.status_changed, data, ident)
