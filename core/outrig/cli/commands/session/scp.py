"""`outrig session scp`"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from outrig.cli.choosing import NAME_OPTION, asked_session
from outrig.cli.command import Command
from outrig.cli.definition import argument, option
from outrig.cli.logging_in import ON_OPTION, hand_over, remote_place
from outrig.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.cli.definition import Option


class SessionScp(Command):
    """Copy files to and from a node of a session."""

    summary = "Copy files to or from a node of a session with scp"
    details = (
        "A path that begins with a colon is in the session's directory on the node, any other is "
        "here. The exit code is scp's."
    )
    examples: ClassVar[Sequence[tuple[str, str]]] = (
        ("outrig session scp data.csv :data/", "into the session used last"),
        ("outrig session scp -r :logs .", "a directory from there"),
    )
    arguments = (
        argument("source", "what to copy: a path here, or :PATH there"),
        argument("target", "where to: a path here, or :PATH there"),
    )
    options: ClassVar[Sequence[Option]] = (
        NAME_OPTION,
        ON_OPTION,
        option("recursive", "r", "directories with all below"),
    )
    runs_commands = True

    def handle(self) -> int:
        """Hand the copying to scp."""
        paths = [str(self.word("source")), str(self.word("target"))]
        if sum(path.startswith(":") for path in paths) != 1:
            raise UsageError(
                "one of the two paths must be in the session, and begin with a colon",
                hint="outrig session scp FILE :PATH, or :PATH FILE",
            )
        login = self.outrig.login(asked_session(self), self.text("on") or "head")
        flags = ["-q", "-p", *(["-r"] if self.flag("recursive") else [])]
        named = [
            remote_place(login, path[1:]) if path.startswith(":") else _here(path) for path in paths
        ]
        return hand_over("scp", [*flags, *login.options, "--", *named])


def _here(path: str) -> str:
    """Return a path of this computer that scp cannot take for a host's."""
    return path if path.startswith(("/", "./", "../")) else f"./{path}"
