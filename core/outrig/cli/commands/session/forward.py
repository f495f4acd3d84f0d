"""`outrig session forward`"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from outrig.cli.choosing import NAME_OPTION, asked_session
from outrig.cli.command import Command
from outrig.cli.definition import argument, option
from outrig.cli.running import TerminalObserver, interruptible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.cli.definition import Option


def _ports(text: str) -> tuple[int, int]:
    """Read `PORT` or `HERE:THERE`; raises `ValueError`."""
    here, colon, there = text.partition(":")
    ports = int(here), int(there if colon else here)
    if not (0 <= ports[0] < 65536 and 0 < ports[1] < 65536):
        raise ValueError(text)
    return ports


class SessionForward(Command):
    """Reach a port of a session's node on this computer."""

    summary = "Reach a port of a session's node on this computer"
    details = (
        "PORT is the port on both sides, HERE:THERE are two; with 0 for HERE a free one is taken. "
        "The node's program may listen on its loopback only. Goes on until Ctrl-C."
    )
    examples: ClassVar[Sequence[tuple[str, str]]] = (
        (
            "outrig session forward 8888",
            "http://localhost:8888 is Jupyter in the session used last",
        ),
        ("outrig session forward 9000:6006 --name train", "localhost:9000 is port 6006 there"),
    )
    arguments = (argument("ports", "PORT, or HERE:THERE", type=_ports),)
    options: ClassVar[Sequence[Option]] = (
        NAME_OPTION,
        option(
            "on", None, "which node: head, a rank or a node's name", value="NODE", default="head"
        ),
    )

    def handle(self) -> int:
        """Lead connections there until the user has enough."""
        session = asked_session(self)
        self.outrig.watch(TerminalObserver(self))
        with interruptible(self.outrig):
            here, there = self.argument("ports")
            on = self.text("on") or "head"
            forward = self.outrig.forward(session, (here, there), on)
            self.note(f"localhost:{forward.port} leads to port {there} of {session.name}, {on}")
            forward.serve()
        return 0
