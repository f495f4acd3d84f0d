"""`outrig session sftp`"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from outrig.cli.choosing import NAME_ARGUMENT, NAME_OPTION, asked_session
from outrig.cli.command import Command
from outrig.cli.logging_in import ON_OPTION, hand_over, remote_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.cli.definition import Option


class SessionSftp(Command):
    """Open sftp in a session's directory."""

    summary = "Open sftp in a session's directory on a node"
    details = "Interactive, or fed with commands on standard input. The exit code is sftp's."
    examples: ClassVar[Sequence[tuple[str, str]]] = (
        ("outrig session sftp train", "browse, get and put"),
    )
    arguments = (NAME_ARGUMENT,)
    options: ClassVar[Sequence[Option]] = (NAME_OPTION, ON_OPTION)
    runs_commands = True

    def handle(self) -> int:
        """Hand the terminal to sftp."""
        login = self.outrig.login(asked_session(self), self.text("on") or "head")
        return hand_over("sftp", ["-q", *login.options, remote_place(login, "")])
