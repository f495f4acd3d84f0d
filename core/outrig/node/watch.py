"""Seeing to it that a node that has gone silent is noticed, whoever waits for it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SILENCE_S = 30.0
"""So long nothing may come and go before the node is asked whether it is there; then once more."""


class Watch:
    """Watches one connection in a thread of its own, until told that it is over."""

    def __init__(
        self,
        busy: Callable[[], bool],
        ask: Callable[[], None],
        give_up: Callable[[str], None],
        silence_s: float = SILENCE_S,
    ) -> None:
        self._busy = busy
        self._ask = ask
        self._give_up = give_up
        self._silence_s = silence_s
        self._sign = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def sign(self) -> None:
        """Note a sign of life: something came, or was taken."""
        self._sign = time.monotonic()

    def end(self) -> None:
        """Watch no more."""
        self._over.set()

    def _look(self) -> None:
        asked: float | None = None
        while not self._over.wait(self._silence_s / 6):
            if not self._busy():
                self.sign()
            silent_s = time.monotonic() - self._sign
            if silent_s < self._silence_s:
                asked = None
            elif asked is None:
                asked = time.monotonic()
                threading.Thread(target=self._ask, daemon=True).start()  # it may not be taken
            elif time.monotonic() - asked > self._silence_s:
                self._give_up(f"it has not answered for {silent_s:.0f} s")
                return
