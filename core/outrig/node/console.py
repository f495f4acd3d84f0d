"""Consoles on nodes, as the engine sees them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from outrig.errors import RemoteError
from outrig.model.console import Console
from outrig.node.program.console import KEYS, RESIZE

if TYPE_CHECKING:
    from outrig.model.console import Size
    from outrig.node.answers import CodeAnswer
    from outrig.node.client import Exchange


class NodeConsole(Console):
    """An interactive program that the node program runs on a terminal."""

    def __init__(self, exchange: Exchange[CodeAnswer]) -> None:
        self._exchange = exchange
        self._over = False

    def read(self) -> bytes:
        """Wait for output; empty when the program has ended."""
        data = self._exchange.receive()
        self._over = data is None
        return data or b""

    def write(self, data: bytes) -> None:
        """Send what the user typed."""
        if not self._over:
            self._exchange.send(KEYS + data)

    def resize(self, size: Size) -> None:
        """Tell the program the window's new size."""
        if not self._over:
            columns, rows = min(size.columns, 0xFFFF), min(size.rows, 0xFFFF)
            self._exchange.send(RESIZE + struct.pack(">HH", columns, rows))

    def close(self) -> int:
        """Hang up if it still runs, and return the exit code."""
        if not self._over:
            try:
                self._exchange.end()
            except RemoteError:
                return 129
        return self._exchange.reply().code
