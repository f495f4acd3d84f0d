"""Doing a call again when the other side was busy or the way to it broke."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

_FIRST_S = 0.1
_LONGEST_S = 20.0


def wait_quietly(seconds: float) -> None:
    """Wait so long; in a thread of its own this holds nothing up."""
    threading.Event().wait(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    """At most `attempts` calls, with pauses that double from 0.1 s to 20 s, each drawn at random.

    After `within_s` seconds none is begun any more: each may take as long as its own time limit.

    The random part (AWS calls it full jitter) keeps clients that were refused together from coming
    back together.
    """

    attempts: int = 8
    within_s: float = 120.0
    clock: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = wait_quietly
    draw: Callable[[], float] = random.random

    def __call__(self, call: Callable[[int], T], passes: Callable[[Exception], bool]) -> T:
        """Return what `call` returns, which is given the number of its attempt, from 0.

        What `passes` takes for temporary is tried again, as often as that goes; else it is raised.
        """
        last_s = self.clock() + self.within_s
        for attempt in range(self.attempts - 1):
            try:
                return call(attempt)
            except Exception as err:
                if not passes(err) or self.clock() > last_s:
                    raise
            self.wait(self.draw() * min(_LONGEST_S, _FIRST_S * 2**attempt))
        return call(self.attempts - 1)
