"""What `run` does in one session, and says."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outrig.api import ConsoleRequest, RunStatus, exit_code, terminal_size, work_in_console
from outrig.errors import Interrupted
from outrig_backendai.commands.starting import TIME_OVER
from outrig_backendai.compute.record import SessionStatus
from outrig_backendai.execution.job import Job, begin, script_of
from outrig_backendai.execution.typing_in import RunObserver, feed_for, typing_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.api import Command, Run, Session
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.request import NewSession
    from outrig_backendai.compute.sessions import Compute, Created

AGAIN_S = 2.0
"""So soon after the first another Ctrl-C ends what runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a job is to be run: `remove` ends the session, `terminal` gives it our terminal."""

    max_wait_s: float | None = None
    remove: bool = False
    stats: bool = False
    terminal: bool = False


def run_once(command: Command, compute: Compute, wanted: NewSession, job: Job, wish: Wish) -> int:
    """Run a job in a new session, or in the one of that name; returns the program's exit code."""
    observer = RunObserver(command)
    compute.outrig.watch(observer)
    made = _session_for(compute, wanted)
    session = made.session
    with _removed(compute, session, wish, created=made.created):
        if not session.status.running:
            session = compute.wait_started(session, wish.max_wait_s)
        if session.status is SessionStatus.PENDING:
            command.line(session.id)
            command.note(f"Session {session.name} is still on the job queue.")
            return TIME_OVER
        command.note(f"Session {session.name} is ready.")
        environ = {} if made.created else dict(wanted.environ)
        job = replace(job, environ=environ)
        if wish.terminal:
            return _in_terminal(compute, session, job)
        run = _followed(command, compute, session, observer, job, wish)
    observer.finish()
    command.note(f"Execution finished. (exit code = {exit_code(run)})")
    if not wish.remove:
        command.note(f"Session {session.name} goes on; end it: outrig bai rm {session.name}")
    if wish.stats:
        command.note(usage_of(run))
    return exit_code(run)


def _session_for(compute: Compute, wanted: NewSession) -> Created:
    """Ask for a session; one of that name counts only if it really is there still."""
    made = compute.create(wanted)
    if not made.created:
        compute.settle()
        if not compute.directory.sessions.now(made.session).status.live:
            return compute.create(wanted)
    return made


@contextmanager
def _removed(
    compute: Compute, session: ComputeSession, wish: Wish, *, created: bool
) -> Iterator[None]:
    """End the session afterwards, however that comes, if it is to be.

    One that waits is taken from the queue when we are interrupted: nobody would use it. It stays
    there when the time is over.
    """
    try:
        yield
    except Interrupted:
        if created and compute.directory.sessions.now(session).status is SessionStatus.PENDING:
            wish = replace(wish, remove=True)
        raise
    finally:
        now = compute.directory.sessions.now(session)
        late = now.status is SessionStatus.PENDING and wish.max_wait_s is not None
        if wish.remove and not (late and not compute.outrig.cancel.asked):
            with compute.outrig.cancel.passed_over():
                compute.end(now, forced=not now.status.running)


def _followed(
    command: Command,
    compute: Compute,
    session: ComputeSession,
    observer: RunObserver,
    job: Job,
    wish: Wish,
) -> Run:
    outrig, there = compute.outrig, compute.outrig_session(session)
    feed = feed_for(outrig, there)
    with nullcontext() if feed is None else typing_for(feed, observer.secrets) as typing:
        script = script_of(compute, session, job)
        run = begin(compute, session, script, feed)
        if typing is not None:
            typing.start()
        run = follow(command, there, run, f"run --attach {session.name}", let_go=not wish.remove)
    say_end(command, session, run)
    return run


def say_end(command: Command, session: ComputeSession, run: Run) -> None:
    """Warn of an end that is not simply the program's own."""
    status = run.state.status
    if run.state.reason or status in (RunStatus.LOST, RunStatus.CANCELLED):
        reason = run.state.reason or "no reason is known"
        command.warn(f"{session.name}: {status.value}: {reason}")


def follow(command: Command, session: Session, run: Run, back: str, *, let_go: bool) -> Run:
    """Print what a run prints until it ends.

    Ctrl-C lets it go on, if it may, and another soon after ends it.
    """
    outrig = command.outrig
    try:
        return outrig.follow(session, [run])[0]
    except Interrupted:
        if not let_go:
            raise
        outrig.cancel.expect_again()
        command.note(f"it goes on; come back: outrig bai {back} (Ctrl-C again now ends it)")
        if not outrig.cancel.asked_again(AGAIN_S):
            raise
        with outrig.cancel.passed_over():
            return outrig.cancel_runs(session, [run])[0]


def _in_terminal(compute: Compute, session: ComputeSession, job: Job) -> int:
    there = compute.outrig_session(session)
    script = script_of(compute, session, job)
    request = ConsoleRequest(
        session_id=there.id,
        node=there.nodes[0],
        argv=("sh", "-c", script),
        size=terminal_size(),
    )
    return work_in_console(compute.outrig.console(there, request))


def usage_of(run: Run) -> str:
    """Say what a run used."""
    state = run.state
    if state.usage is None or state.started_at is None or state.ended_at is None:
        return "nothing is known of what it used"
    seconds = (state.ended_at - state.started_at).total_seconds()
    return (
        f"it took {seconds:.2f} s, {state.usage.cpu_s:.2f} s of CPU time and at most"
        f" {state.usage.peak_memory_mib:.1f} MiB of memory"
    )
