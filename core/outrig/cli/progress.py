"""How far a long step is, in words: amount, rate, time left."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from outrig.cli.amounts import duration, size

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.session.observer import Progress

PLAIN_EVERY_S = 10.0
"""Where there is no terminal: one line in so much time."""
_LIVE_EVERY_S = 0.1
_SETTLED_S = 0.5
"""Before so much time a rate would be a guess."""


class Meter:
    """Follows one step after another; a step that ends within its first period says nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._what = ("", "")
        self._begun_s = 0.0
        self._first = 0
        self._told_s = 0.0

    def words(self, progress: Progress, *, live: bool) -> str | None:
        """Return how far it is when it is time to say so: often on a terminal, else rarely."""
        now_s = self._clock()
        if (progress.step, progress.note) != self._what or progress.done < self._first:
            self._what = (progress.step, progress.note)
            self._begun_s, self._first = now_s, progress.done
            self._told_s = float("-inf") if live else now_s
        if now_s - self._told_s < (_LIVE_EVERY_S if live else PLAIN_EVERY_S):
            return None
        self._told_s = now_s
        return _described(progress, progress.done - self._first, now_s - self._begun_s)


def _described(progress: Progress, since: int, took_s: float) -> str:
    unit, _, verb = progress.note.partition(" ")
    in_bytes = unit == "bytes"
    amount = size if in_bytes else str
    text = f"{progress.step}: {amount(progress.done)}"
    if progress.total:
        text += f" of {amount(progress.total)}"
    text += f" {verb if in_bytes else progress.note}".rstrip()
    if not in_bytes or took_s < _SETTLED_S or since <= 0:
        return text
    rate = since / took_s
    text += f", {size(rate)}/s"
    if progress.total and progress.total > progress.done:
        text += f", {duration((progress.total - progress.done) / rate)} left"
    return text
