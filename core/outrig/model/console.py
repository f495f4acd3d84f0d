"""Programs on nodes that somebody talks with: at a terminal, or through plain pipes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from outrig.model.node import Node
from outrig.model.run import PreparedEnvironment, Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The size of a terminal, in characters."""

    columns: int = 80
    rows: int = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleRequest:
    """A program to run in a session's work directory; no `argv`: the login shell.

    `size` is that of the terminal, if it gets one.
    """

    session_id: str
    node: Node
    argv: tuple[str, ...] = ()
    environment: PreparedEnvironment | None = None
    size: Size = Size()
    variables: Mapping[str, str] = field(default_factory=dict)


class ByteStream(ABC):
    """A connection to a port on a node."""

    @abstractmethod
    def read(self, max_bytes: int) -> bytes:
        """Return up to `max_bytes`, empty at the end."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Send all of `data`; raises `RemoteError`."""

    @abstractmethod
    def finish(self) -> None:
        """Say that nothing more will be sent; what comes can still be read."""

    @abstractmethod
    def close(self) -> None:
        """End both directions."""


class Console(ABC):
    """An interactive program on a node's terminal. One thread may read while another writes."""

    @abstractmethod
    def read(self) -> bytes:
        """Wait for output; empty when the program has ended."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Send what the user typed."""

    @abstractmethod
    def resize(self, size: Size) -> None:
        """Tell the program the window's new size."""

    @abstractmethod
    def close(self) -> int:
        """Hang up if it still runs, and return the exit code; any thread may, while one reads."""


class Program(ABC):
    """A program on a node with plain pipes. One thread has to read while another writes."""

    @abstractmethod
    def read(self) -> tuple[Stream, bytes] | None:
        """Wait for output; `None` when the program has ended."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Send input; waits while the program does not take it."""

    @abstractmethod
    def finish(self) -> None:
        """Say that no more input comes."""

    @abstractmethod
    def signal(self, number: int) -> None:
        """Send a signal to the program and what it started."""

    @abstractmethod
    def close(self) -> int:
        """Hang up if it still runs, and return the exit code; any thread may, while one reads."""
