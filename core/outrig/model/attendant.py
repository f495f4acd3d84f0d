"""Whom a provider tells what befalls it while it works."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrig.model.node import Node


class Attendant:
    """Whom a provider tells of trouble while it waits; the engine gives its own."""

    def say(self, text: str) -> None:
        """Hear in one line why something takes longer."""

    def notice(self, node: Node, text: str) -> None:
        """Hear what a node was told by its provider: that it is about to be taken back."""

    def pause(self, seconds: float) -> None:
        """Wait; raises `Interrupted` when the user asks to stop."""
        time.sleep(seconds)
