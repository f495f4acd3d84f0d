"""`outrig session stop`"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from outrig.cli.choosing import NAME_ARGUMENT, NAME_OPTION, asked_sessions
from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.running import (
    Outcome,
    TerminalObserver,
    each,
    finish,
    interruptible,
    say_pulled,
)
from outrig.errors import OutrigError
from outrig.model.session import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrig.cli.definition import Option
    from outrig.model.session import Session


class SessionStop(Command):
    """End sessions, after their outputs came back."""

    summary = "Stop sessions and give their nodes back"
    details = (
        "What runs in the session is ended and its work directory removed; output files that had "
        "not come back yet are brought back first. --keep suspends it instead: the work directory "
        "stays, and `session start --name` resumes it."
    )
    examples: ClassVar[Sequence[tuple[str, str]]] = (
        ("outrig session stop", "the session used last"),
        ('outrig session stop --name "*"', "all sessions of this project"),
    )
    arguments = (NAME_ARGUMENT,)
    options: ClassVar[Sequence[Option]] = (
        NAME_OPTION,
        option("keep", "k", "keep the work directory, so that the session can be resumed"),
        option("terminate", None, "end it for good (the default)"),
        option("no-pull", None, "do not bring output files back first"),
    )

    def handle(self) -> int:
        """Stop what was named."""
        sessions = asked_sessions(self)
        names = ", ".join(one.name for one in sessions)
        if len(sessions) > 1 and not self.confirm(
            f"Stop {len(sessions)} sessions ({names})?", assume_without_terminal=True
        ):
            return 1
        self.outrig.watch(TerminalObserver(self))
        apart = len(sessions) > 1
        with interruptible(self.outrig):
            outcomes = each(
                [one.name for one in sessions], [self._target(one, apart) for one in sessions]
            )
        return finish(outcomes, runs_commands=False)

    def keeps(self) -> bool:
        """Tell whether the sessions are to be suspended; a command set may have another default."""
        return self.flag("keep") and not self.flag("terminate")

    def _target(self, session: Session, apart: bool) -> Callable[[], Outcome]:
        def stop() -> Outcome:
            if not self.flag("no-pull") and session.state is SessionState.RUNNING:
                self._pull(session, apart)
            stopped = self.outrig.stop(session, keep=self.keeps())
            self.note(f"{stopped.name} is {stopped.state.value}")
            return Outcome(session=stopped)

        return stop

    def _pull(self, session: Session, apart: bool) -> None:
        try:
            say_pulled(self, self.outrig.pull(session, apart=apart, anew=False))
        except OutrigError as err:
            err.hint = err.hint or "to stop without the outputs: --no-pull"
            raise
