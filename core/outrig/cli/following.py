"""Printing the logs of runs, as far as they are or as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.definition import option
from outrig.cli.running import (
    Outcome,
    TerminalObserver,
    each,
    exit_code,
    finish,
    follow,
    interruptible,
    say_ends,
)
from outrig.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrig.cli.command import Command
    from outrig.model.run import Run
    from outrig.model.session import Session


LOG_OPTIONS = (
    option("follow", "f", "go on until the run has ended; the exit code is then the run's"),
    option("since", None, "begin at this byte of each stream", value="OFFSET", type=int, default=0),
)


def print_logs(
    command: Command, targets: Sequence[tuple[Session, Run]], *, since: int, wait: bool
) -> int:
    """Print what runs wrote from byte `since` of each stream; with `wait`, until they end.

    Returns 0, or with `wait` the runs' exit code.
    """
    for session, run in targets:
        if session.state.ended:
            what = f"run {run.id}: its output went with session {session.name}, which has ended"
            if not wait:
                raise NotFoundError(what, hint=f"how it ended: outrig run show {run.id}")
            command.warn(what)
    observer = TerminalObserver(command, prefix=len(targets) > 1)
    command.outrig.watch(observer)
    try:
        with interruptible(command.outrig):
            names = [session.name for session, _ in targets]
            outcomes = each(
                names, [_target(command, one, run, since, wait) for one, run in targets]
            )
    finally:
        observer.finish()
    code = finish(outcomes)
    return code if wait else 0


def _target(
    command: Command, session: Session, run: Run, since: int, wait: bool
) -> Callable[[], Outcome]:
    def target() -> Outcome:
        if not wait:
            command.outrig.read_logs(session, run, since=since)
            return Outcome(session=session)
        ended = follow(command, session, [run], since=since)
        say_ends(command, session, ended)
        return Outcome(session=session, runs=ended)

    return target


def wait_for(command: Command, targets: Sequence[tuple[Session, Run]]) -> int:
    """Wait until runs have ended, printing nothing of theirs; returns their common exit code."""

    def waiting(session: Session, run: Run) -> Callable[[], Outcome]:
        return lambda: Outcome(session=session, runs=tuple(command.outrig.wait(session, [run])))

    with interruptible(command.outrig):
        names = [session.name for session, _ in targets]
        outcomes = each(names, [waiting(session, run) for session, run in targets])
    for outcome in outcomes:
        for run in outcome.runs:
            command.line(f"{run.id} {run.state.status.value} {exit_code(run)}")
    return finish(outcomes)
