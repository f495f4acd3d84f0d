"""Printing what the programs of a session printed, or print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Stream, TerminalObserver, exit_code
from outrig.errors import NotFoundError, RemoteError
from outrig_backendai.execution.keeping import log_path, logs_home, runs_of

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    if not session.status.live or not wait:
        _print_now(command, compute, session, chosen)
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


def _print_now(command: Command, compute: Compute, session: ComputeSession, kernel: Kernel) -> None:
    """Print what there is: on its node, else what was kept as the session ended."""
    there = _there(compute, session, kernel)
    if there is None:
        _print_kept(command, compute, session, kernel, dict.fromkeys(Stream, 0))
        return
    compute.outrig.watch(TerminalObserver(command))
    for run in runs_of(compute, there):
        compute.outrig.read_logs(there, run)


def _print_kept(
    command: Command,
    compute: Compute,
    session: ComputeSession,
    kernel: Kernel,
    since: Mapping[Stream, int],
) -> None:
    """Print what was kept of a session that has ended, from a byte of each stream on."""
    home = logs_home(compute.directory.state_directory)
    there = compute.outrig.state.sessions.get(kernel.outrig_session_id or "")
    runs = [] if there is None else runs_of(compute, there)
    paths = {stream: log_path(home, kernel.id, stream) for stream in Stream}
    kept = [stream for stream, path in paths.items() if path.exists()]
    if there is None or not runs or not kept:
        command.note(f"Nothing was kept of what session {session.name} printed.")
        return
    observer = TerminalObserver(command)
    for stream in kept:
        with paths[stream].open("rb") as log:
            log.seek(since[stream])
            while part := log.read(_PART_BYTES):
                observer.output(there, runs[0], stream, part)


def _there(compute: Compute, session: ComputeSession, kernel: Kernel) -> Session | None:
    if not session.status.running or kernel.outrig_session_id is None:
        return None
    return compute.outrig.state.sessions.get(kernel.outrig_session_id)


class _Counting(TerminalObserver):
    """Prints what runs print, and counts it."""

    def __init__(self, command: Command) -> None:
        super().__init__(command)
        self.printed = dict.fromkeys(Stream, 0)

    def output(self, session: Session, run: Run, stream: Stream, data: bytes) -> None:
        """Pass it on."""
        self.printed[stream] += len(data)
        super().output(session, run, stream, data)


class _Following:
    """Follows one run of a kernel after the other, to the end of its session.

    What was printed in the moment in which that ended, is read from what was kept of it.
    """

    def __init__(self, command: Command, compute: Compute, kernel: Kernel) -> None:
        self._command, self._compute, self._kernel = command, compute, kernel
        self._seen: set[str] = set()
        self._observer = _Counting(command)

    def follow(self, session: ComputeSession) -> int:
        compute = self._compute
        compute.outrig.watch(self._observer)
        while session.status.live:
            there = _there(compute, session, kernel_of(session, self._kernel.id))
            code = None if there is None else self._follow_runs(session, there)
            session = compute.directory.sessions.now(session)
            if code is not None and session.status.running:
                self._observer.finish()
                return code
            compute.outrig.cancel.wait(_PAUSE_S)
            compute.outrig.cancel.check()
            compute.settle()
            session = compute.directory.sessions.now(session)
        self._observer.finish()
        kernel = kernel_of(session, self._kernel.id)
        _print_kept(self._command, self._compute, session, kernel, self._observer.printed)
        return _code(session)

    def _follow_runs(self, session: ComputeSession, there: Session) -> int | None:
        """Follow what has been started; returns the exit code of a batch session's command."""
        for run in runs_of(self._compute, there):
            if run.id in self._seen:
                continue
            self._seen.add(run.id)
            try:
                ended = self._compute.outrig.follow(there, [run])[0]
            except (RemoteError, NotFoundError):
                if self._compute.directory.sessions.now(session).status.running:
                    raise
                return None
            if run.command == "startup":
                return exit_code(ended)
        return None
