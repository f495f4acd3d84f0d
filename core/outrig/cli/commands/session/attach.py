"""`outrig session attach`"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from outrig.cli.choosing import NAME_ARGUMENT, NAME_OPTION, asked_session
from outrig.cli.command import Command
from outrig.cli.console import terminal_size, work_in_console
from outrig.cli.definition import option
from outrig.cli.running import TerminalObserver, interruptible
from outrig.model.console import ConsoleRequest
from outrig.model.session import SessionState
from outrig.session.placing import HEAD, nodes_named
from outrig.session.tmux import attach_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.cli.definition import Option
    from outrig.model.session import Session


class SessionAttach(Command):
    """Open a console in a session."""

    summary = "Open a console in a session"
    details = (
        "A shell in the session's work directory, with its environment. The exit code is the "
        "shell's. A session that was stopped with --keep is resumed first with --start."
    )
    examples: ClassVar[Sequence[tuple[str, str]]] = (
        ("outrig session attach train", "a shell in session train"),
    )
    arguments = (NAME_ARGUMENT,)
    options: ClassVar[Sequence[Option]] = (
        NAME_OPTION,
        option("on", None, "on which node: head, a rank or a node's name", value="NODE"),
        option("start", None, "resume the session if it is suspended"),
        option("tmux", None, "the session's tmux, where commands with tmux: true run"),
    )
    runs_commands = True

    def handle(self) -> int:
        """Hand the terminal to the session."""
        self.outrig.watch(TerminalObserver(self))
        session = asked_session(self)
        if self.flag("start") and session.state is not SessionState.RUNNING:
            session = self._resume(session)
        request = ConsoleRequest(
            session_id=session.id,
            node=nodes_named(session, self.text("on") or HEAD)[0],
            argv=self.program(session),
            size=terminal_size(),
        )
        return work_in_console(self.outrig.console(session, request))

    def program(self, session: Session) -> tuple[str, ...]:
        """Return what runs on the console, nothing for the login shell."""
        return attach_words(session.id, session.name) if self.flag("tmux") else ()

    def _resume(self, session: Session) -> Session:
        outrig = self.outrig
        project = outrig.project(session.project_root)
        snapshot = outrig.snapshots.find(session.snapshot_id or "")
        with interruptible(outrig):
            return outrig.start(outrig.request(project, snapshot=snapshot, name=session.name))
