"""What commands that start a session do and say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Observer
from outrig.errors import Interrupted
from outrig_backendai.compute.record import SessionStatus
from outrig_backendai.compute.sessions import Compute
from outrig_backendai.place.notes import NOTICE
from outrig_backendai.services.catalogue import services_of

if TYPE_CHECKING:
    from outrig.api import Command
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.request import NewSession

TIME_OVER = 125
"""The exit code when a session has not started within `--max-wait`."""


def start_session(
    command: Command, wanted: NewSession, max_wait_s: float | None, *, enqueue_only: bool
) -> int:
    """Start a session and say how it stands; returns the exit code."""
    compute = Compute(command.outrig)
    command.outrig.watch(_Notices(command))
    made = compute.create(wanted)
    session = made.session
    if made.created and NOTICE in session.extra:
        command.note(session.extra[NOTICE])
    if enqueue_only:
        compute.wake()
        command.line(f"Session ID {session.id} is enqueued for scheduling.")
        return 0
    if made.created or not session.status.running:
        session = _waited(command, compute, session, max_wait_s)
    if session.status is SessionStatus.PENDING:
        command.line(session.id)
        command.note(f"Session {session.name} is still on the job queue{_why(session)}.")
        return TIME_OVER
    command.line(f"Session ID {session.id} {_is(session, created=made.created)}.")
    _say_services(command, session)
    return 0


class _Notices(Observer):
    """Says on stderr what is no error; the steps of a launch are told by `bai events`."""

    def __init__(self, command: Command) -> None:
        self._command = command

    def notice(self, text: str) -> None:
        """Say it."""
        self._command.note(text)


def _waited(
    command: Command, compute: Compute, session: ComputeSession, max_wait_s: float | None
) -> ComputeSession:
    try:
        return compute.wait_started(session, max_wait_s)
    except Interrupted:
        now = compute.directory.sessions.now(session)
        if now.status is SessionStatus.PENDING:
            command.note(
                f"Session {now.name} stays in the queue; take it out: outrig bai rm {now.name}"
            )
        raise


def _is(session: ComputeSession, *, created: bool) -> str:
    if session.status is SessionStatus.TERMINATED:
        return "is terminated already"
    return "is created and ready" if created else "is already running and ready"


def _why(session: ComputeSession) -> str:
    return f" ({session.status_info})" if session.status_info else ""


def _say_services(command: Command, session: ComputeSession) -> None:
    if session.status.running:
        names = ", ".join(one.name for one in services_of(session))
        command.line(f"This session provides the following app services: {names}")
