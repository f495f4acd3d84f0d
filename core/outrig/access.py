"""What providers can do so that people get to what runs on their nodes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrig.model.console import ByteStream, Console, ConsoleRequest, Program
    from outrig.model.node import Login, Node


class WithForward(ABC):
    """Can open connections to ports on its nodes."""

    @abstractmethod
    def open(self, node: Node, port: int) -> ByteStream:
        """Connect to `port` on the node's loopback; raises `RemoteError`."""


class WithLogin(ABC):
    """Has nodes that the system's own ssh, scp and sftp can log in to."""

    @abstractmethod
    def login(self, session_id: str, node: Node) -> Login:
        """Return how; makes the connection they will use. Raises `RemoteError`, `AuthError`."""


class WithConsole(ABC):
    """Can run an interactive program on a node."""

    @abstractmethod
    def console(self, request: ConsoleRequest) -> Console:
        """Start the program; raises `RemoteError`."""


class WithPrograms(ABC):
    """Can run a program on a node and be its input and output."""

    @abstractmethod
    def program(self, request: ConsoleRequest) -> Program:
        """Start the program; raises `RemoteError`."""
