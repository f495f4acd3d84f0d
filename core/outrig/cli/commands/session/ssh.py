"""`outrig session ssh`"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, ClassVar

from outrig.cli.choosing import LONG_NAME_OPTION, asked_session
from outrig.cli.command import Command
from outrig.cli.definition import argument
from outrig.cli.logging_in import ON_OPTION, hand_over

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.cli.definition import Option


class SessionSsh(Command):
    """Log in to a node of a session."""

    summary = "Log in to a node of a session with ssh"
    details = (
        "A login shell in the session's directory, or the command after `--`, through the "
        "connection that is kept open. The exit code is ssh's. Unlike `session attach` it knows "
        "nothing of the session's environment."
    )
    examples: ClassVar[Sequence[tuple[str, str]]] = (
        ("outrig session ssh", "a login shell on the head"),
        ("outrig session ssh --on 1 -- nvidia-smi", "a command on the first worker"),
    )
    arguments = (argument("command", "what to run there", required=False, repeat=True),)
    options: ClassVar[Sequence[Option]] = (LONG_NAME_OPTION, ON_OPTION)
    verbatim = True
    runs_commands = True

    def handle(self) -> int:
        """Hand the terminal to ssh."""
        login = self.outrig.login(asked_session(self), self.text("on") or "head")
        there = f"cd {shlex.quote(login.directory)} && exec"
        words = self.argument_words("command")
        if words:
            script = f"{there} sh -c {shlex.quote(' '.join(words))}"
            return hand_over("ssh", [*login.options, login.host, script])
        return hand_over("ssh", ["-t", *login.options, login.host, f'{there} "$SHELL" -l'])
