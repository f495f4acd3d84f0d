"""`run --attach`: coming back to what runs in a session, or to the cases of a `run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import TerminalObserver, exit_code
from outrig.errors import NotFoundError
from outrig_backendai.commands.logging import print_logs
from outrig_backendai.commands.running import follow, say_end
from outrig_backendai.commands.running_cases import follow_cases
from outrig_backendai.execution.keeping import runs_of

if TYPE_CHECKING:
    from outrig.api import Command
    from outrig_backendai.compute.sessions import Compute


def attach(command: Command, compute: Compute, name: str) -> int:
    """Print what was printed so far and what comes, to the end; returns the exit code."""
    execution = compute.directory.executions.newest(compute.caller.access_key, name)
    if execution is not None:
        return follow_cases(command, compute, execution)
    session = compute.find(name, live=False)
    if not session.status.running:
        print_logs(command, compute, session, None, wait=False)
        raise NotFoundError(f'session "{session.name}" is {session.status.value}')
    there = compute.outrig_session(session)
    runs = runs_of(compute, there)
    if not runs:
        raise NotFoundError(f'nothing was run in session "{session.name}"')
    observer = TerminalObserver(command)
    compute.outrig.watch(observer)
    ended = follow(command, there, runs[-1], f"run --attach {session.name}", let_go=True)
    observer.finish()
    say_end(command, session, ended)
    return exit_code(ended)
