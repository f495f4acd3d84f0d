"""What every transport gives: one byte pipe to the node program."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO


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

    @abstractmethod
    def errors(self) -> str:
        """Return the end of what the program, or the way to it, wrote to standard error."""

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
