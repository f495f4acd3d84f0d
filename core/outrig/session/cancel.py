"""The user's wish to stop, as something that threads can look at and wait for."""

from __future__ import annotations

import threading

from outrig.errors import Interrupted


class Cancel:
    """Set once, by a signal handler or another thread."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Ask everything that looks at this to stop."""
        self._event.set()

    def clear(self) -> None:
        """Go on as if nobody had asked."""
        self._event.clear()

    @property
    def asked(self) -> bool:
        """Whether the user asked to stop."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise `Interrupted` when the user asked to stop."""
        if self._event.is_set():
            raise Interrupted

    def wait(self, seconds: float) -> bool:
        """Wait until the user asks to stop, at most `seconds`; returns whether that happened."""
        return self._event.wait(seconds)
