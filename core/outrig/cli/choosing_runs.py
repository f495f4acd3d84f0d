"""How commands that work on runs name them: the beginning of an id, or the newest run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.definition import argument
from outrig.errors import NotFoundError

if TYPE_CHECKING:
    from outrig.cli.command import Command
    from outrig.model.run import Run
    from outrig.model.session import Session

RUNS_ARGUMENT = argument(
    "run", "the run's id, or its beginning (default: the newest)", required=False, repeat=True
)


def asked_runs(command: Command) -> list[tuple[Session, Run]]:
    """Return the runs the user named with their sessions; raises `NotFoundError`."""
    words = command.argument_words("run")
    if words:
        return [command.outrig.run(word) for word in words]
    session = command.outrig.find_one(command.outrig.here(), None)
    return [(session, newest_run(command, session))]


def newest_run(command: Command, session: Session) -> Run:
    """Return a session's newest run; raises `NotFoundError`."""
    runs = command.outrig.runs(session, limit=1)
    if not runs:
        raise NotFoundError(
            f'nothing was run in session "{session.name}"', hint="see: outrig session execute"
        )
    return runs[0]
