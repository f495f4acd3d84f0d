"""Printing what the programs of a session printed, or print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Stream, TerminalObserver, exit_code
from outrig.errors import NotFoundError
from outrig_backendai.execution.keeping import log_path, logs_home, runs_of

if TYPE_CHECKING:
    from outrig.api import Command, Run, Session
    from outrig_backendai.compute.record import ComputeSession, Kernel
    from outrig_backendai.compute.sessions import Compute

_PAUSE_S = 0.25
_PART_BYTES = 1 << 20


def print_logs(
    command: Command, compute: Compute, session: ComputeSession, kernel: str | None, *, wait: bool
) -> int:
    """Print all that a kernel's programs printed; with `wait` go on until its session has ended.

    Returns 0, or with `wait` the exit code of a batch session's command.
    """
    chosen = kernel_of(session, kernel)
    if session.status.ended or not wait:
        session = _print_now(command, compute, session, chosen)
        return _code(session) if wait else 0
    return _Following(command, compute, chosen).follow(session)


def kernel_of(session: ComputeSession, named: str | None) -> Kernel:
    """Return a session's kernel by what its id begins with, or by host; raises `NotFoundError`."""
    if named is None:
        return session.main
    for one in session.kernels:
        if one.host == named or one.id.startswith(named):
            return one
    hosts = ", ".join(f"{one.host} {one.id}" for one in session.kernels)
    raise NotFoundError(f'session "{session.name}" has no kernel "{named}" (has: {hosts})')


def find_task(compute: Compute, reference: str) -> tuple[ComputeSession, str]:
    """Return the session and the id of a kernel, by what that, or its session's, begins with."""
    from outrig_backendai.directory.sessions import SessionFilter

    caller = compute.caller.access_key
    for session in compute.directory.sessions.select(SessionFilter(access_key=caller)):
        for kernel in session.kernels:
            if reference and kernel.id.startswith(reference):
                return session, kernel.id
    session = compute.find(reference, live=False)
    return session, session.main.id


def _code(session: ComputeSession) -> int:
    return session.exit_code or 0


def _print_now(
    command: Command, compute: Compute, session: ComputeSession, kernel: Kernel
) -> ComputeSession:
    """Print what there is: on its node, else what was kept as the session ended."""
    there = _there(compute, session, kernel)
    if there is not None:
        compute.outrig.watch(TerminalObserver(command))
        for run in runs_of(compute, there):
            compute.outrig.read_logs(there, run)
        return session
    home = logs_home(compute.directory.state_directory)
    paths = {stream: log_path(home, kernel.id, stream) for stream in Stream}
    gone = compute.outrig.state.sessions.get(kernel.outrig_session_id or "")
    runs = [] if gone is None else runs_of(compute, gone)
    if gone is None or not runs or not any(path.exists() for path in paths.values()):
        command.note(f"Nothing was kept of what session {session.name} printed.")
        return session
    observer = TerminalObserver(command)
    for stream, path in paths.items():
        with path.open("rb") as log:
            while part := log.read(_PART_BYTES):
                observer.output(gone, runs[0], stream, part)
    return session


def _there(compute: Compute, session: ComputeSession, kernel: Kernel) -> Session | None:
    if not session.status.running or kernel.outrig_session_id is None:
        return None
    return compute.outrig.state.sessions.get(kernel.outrig_session_id)


class _Following:
    """Follows one run of a kernel after the other."""

    def __init__(self, command: Command, compute: Compute, kernel: Kernel) -> None:
        self._command, self._compute, self._kernel = command, compute, kernel
        self._seen: set[str] = set()

    def follow(self, session: ComputeSession) -> int:
        compute = self._compute
        observer = TerminalObserver(self._command)
        compute.outrig.watch(observer)
        while not session.status.ended:
            kernel = kernel_of(session, self._kernel.id)
            there = _there(compute, session, kernel)
            for run in [] if there is None else self._new(there):
                ended = compute.outrig.follow(there, [run])[0] if there is not None else run
                if run.command == "startup":
                    observer.finish()
                    return exit_code(ended)
            compute.outrig.cancel.wait(_PAUSE_S)
            compute.outrig.cancel.check()
            compute.settle()
            session = compute.directory.sessions.now(session)
        observer.finish()
        return _code(session)

    def _new(self, there: Session) -> list[Run]:
        """Return the runs that have not been followed yet, oldest first."""
        new = [one for one in runs_of(self._compute, there) if one.id not in self._seen]
        self._seen.update(one.id for one in new)
        return new
