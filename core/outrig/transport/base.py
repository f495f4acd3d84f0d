"""What every transport gives: one byte pipe to the node program."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from outrig.errors import RemoteError

if TYPE_CHECKING:
    from typing import BinaryIO

    from outrig.errors import OutrigError


class Pipe(ABC):
    """A running node program, or the way to it: a stream in each direction."""

    @property
    @abstractmethod
    def source(self) -> BinaryIO:
        """What the program writes; one thread reads it."""

    @property
    @abstractmethod
    def sink(self) -> BinaryIO:
        """What the program reads; the writer flushes."""

    def finish(self) -> None:
        """Say that nothing more will be sent; what comes can still be read."""
        self.sink.close()

    @abstractmethod
    def errors(self) -> str:
        """Return the end of what the program, or the way to it, wrote to standard error."""

    def problem(self) -> OutrigError | None:
        """Return why the program did not start, `None` if that is not known."""
        return None

    @abstractmethod
    def kill(self) -> None:
        """End our end of it at once, whatever it is doing."""

    @abstractmethod
    def close(self) -> None:
        """Hang up, and see that our end is gone, by force if need be; may be called twice."""


class Transport(ABC):
    """One way to reach a node."""

    compresses: bool = True
    """Whether packing what is sent pays; false where bytes are as good as free."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What the other end is called in messages."""

    @abstractmethod
    def open(self, arguments: tuple[str, ...]) -> Pipe:
        """Start Python on the node with these arguments; raises `RemoteError`, `AuthError`."""

    def forward(self, port: int) -> Pipe:
        """Connect to a port on the node's loopback; raises `RemoteError`, `AuthError`."""
        raise RemoteError(f"{self.name}: port {port} cannot be reached through it")

    def kept(self) -> bool:
        """Tell whether a connection is kept open that `open` would use."""
        return False

    def drop(self) -> None:  # noqa: B027 - there may be nothing to drop
        """End the kept connection: it may lead nowhere any more."""
