"""An interactive program on a node."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from outrig.model.node import Node
from outrig.model.run import PreparedEnvironment


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The size of a terminal, in characters."""

    columns: int = 80
    rows: int = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleRequest:
    """A program to run on a terminal in a session's work directory; no `argv`: the login shell."""

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
        """Hang up if it still runs, and return the exit code."""
