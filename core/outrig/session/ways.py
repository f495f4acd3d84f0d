"""The ways into a session: consoles, programs with pipes, ports, and what ssh needs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrig.model.console import ByteStream, Console, ConsoleRequest, Program
    from outrig.model.node import Login
    from outrig.model.session import Session
    from outrig.session.forward import Forward
    from outrig.session.runtime import Runtime


class WithWays(ABC):
    """Gives an engine the ways into its sessions; parts are imported when first used."""

    @property
    @abstractmethod
    def runtime(self) -> Runtime:
        """What engine functions work with."""

    def console(self, session: Session, request: ConsoleRequest) -> Console:
        """Open an interactive program in a session."""
        from outrig.session.console import open_console

        return open_console(self.runtime, session, request)

    def program(self, session: Session, request: ConsoleRequest) -> Program:
        """Start a program in a session and be its input and output."""
        from outrig.session.console import open_program

        return open_program(self.runtime, session, request)

    def connect(self, session: Session, port: int, on: str = "head") -> ByteStream:
        """Connect to a port of a node's loopback."""
        from outrig.session.forward import open_port
        from outrig.session.placing import nodes_named

        return open_port(self.runtime, session, nodes_named(session, on)[0], port)

    def in_use(self, session: Session, on: str = "head") -> None:
        """Tell a node that somebody uses a session: its idle time begins anew."""
        from outrig.session.forward import tell_in_use
        from outrig.session.placing import nodes_named

        tell_in_use(self.runtime, session, nodes_named(session, on)[0])

    def forward(
        self,
        session: Session,
        ports: tuple[int, int],
        on: str = "head",
        *,
        host: str = "127.0.0.1",
        refusal: bytes = b"",
    ) -> Forward:
        """Take a port of this computer (0: a free one) that leads to one of a node, once served.

        `refusal` is what connections get for an answer when nobody listens on the node.
        """
        from outrig.session.forward import Forward
        from outrig.session.placing import nodes_named

        node = nodes_named(session, on)[0]
        return Forward(self.runtime, session, node, ports, host=host, refusal=refusal)

    def login(self, session: Session, on: str = "head") -> Login:
        """Return how ssh, scp and sftp get to a node of a session."""
        from outrig.session.logging_in import login

        return login(self.runtime, session, on)
