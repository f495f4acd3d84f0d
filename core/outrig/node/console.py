"""Consoles and programs with pipes on nodes, as the engine sees them."""

from __future__ import annotations

import struct
import threading
from typing import TYPE_CHECKING

from outrig.errors import RemoteError
from outrig.model.console import Console, Program
from outrig.model.run import Stream
from outrig.node.program.console import KEYS, RESIZE
from outrig.node.program.piped import (
    ERRORS,
    INPUT,
    INPUT_END,
    PIPED_BYTES,
    SIGNAL,
    TAKEN,
    WINDOW,
    Window,
)

if TYPE_CHECKING:
    from outrig.model.console import Size
    from outrig.node.answers import CodeAnswer
    from outrig.node.client import Exchange

GONE = 129
"""The exit code of what nobody can tell of any more: as of a program whose terminal was closed."""


class _Talk:
    """What a program on a node says, whichever way it is talked with."""

    def __init__(self, exchange: Exchange[CodeAnswer]) -> None:
        self._exchange = exchange
        self._over = False
        self._failed = False
        self._reading = threading.Lock()

    def _next(self) -> bytes | None:
        """Wait for what it says next; `None` when it has ended."""
        with self._reading:
            try:
                data = self._exchange.receive()
            except BaseException:
                self._failed = True
                raise
            self._over = data is None
        return data

    def close(self) -> int:
        """Hang up if it still runs, and return the exit code."""
        if not self._over and not self._failed:
            try:
                self._exchange.end()
            except RemoteError:
                return GONE
        with self._reading:  # of two that wait for the reply, one would wait for ever
            return GONE if self._failed else self._exchange.reply().code


class NodeConsole(_Talk, Console):
    """An interactive program that the node program runs on a terminal."""

    def read(self) -> bytes:
        """Wait for output; empty when the program has ended."""
        return self._next() or b""

    def write(self, data: bytes) -> None:
        """Send what the user typed."""
        if not self._over:
            self._exchange.send(KEYS + data)

    def resize(self, size: Size) -> None:
        """Tell the program the window's new size."""
        if not self._over:
            columns, rows = min(size.columns, 0xFFFF), min(size.rows, 0xFFFF)
            self._exchange.send(RESIZE + struct.pack(">HH", columns, rows))


class NodeProgram(_Talk, Program):
    """A program with plain pipes that the node program runs."""

    def __init__(self, exchange: Exchange[CodeAnswer]) -> None:
        super().__init__(exchange)
        self._room = Window(WINDOW)

    def read(self) -> tuple[Stream, bytes] | None:
        """Wait for output; `None` when the program has ended."""
        while (data := self._next()) is not None:
            kind, rest = data[:1], data[1:]
            if kind == TAKEN:
                self._room.give(struct.unpack(">I", rest)[0])
            elif rest:
                self._send(TAKEN + struct.pack(">I", len(rest)))
                return (Stream.ERR if kind == ERRORS else Stream.OUT), rest
        return None

    def _next(self) -> bytes | None:
        data = None
        try:
            data = super()._next()
        finally:
            if data is None:
                self._room.close()
        return data

    def write(self, data: bytes) -> None:
        """Send input; waits while the program does not take it."""
        view = memoryview(data)
        for start in range(0, len(view), PIPED_BYTES):
            piece = view[start : start + PIPED_BYTES]
            if not self._room.take(len(piece)):
                return
            self._send(INPUT + piece)

    def finish(self) -> None:
        """Say that no more input comes."""
        self._send(INPUT_END)

    def signal(self, number: int) -> None:
        """Send a signal to the program and what it started."""
        self._send(SIGNAL + struct.pack(">B", number))

    def close(self) -> int:
        """Hang up if it still runs, and return the exit code."""
        self._room.close()
        return super().close()

    def _send(self, data: bytes) -> None:
        if not self._over and not self._failed:
            self._exchange.send(data)
