"""The user's wish to stop, as something that threads can look at and wait for."""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import get_ident
from typing import TYPE_CHECKING

from outrig.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LOOK_S = 0.05


class Cancel:
    """Set by a signal handler or another thread; a user who insists sets it again.

    It holds no lock, since a handler may run while its own thread looks at it.
    """

    def __init__(self) -> None:
        self._count = 0
        self._expected = 1
        self._passed_over: dict[int, int] = {}

    def set(self) -> bool:
        """Ask everything that looks at this to stop; returns whether anything awaited that."""
        awaited = self._count < self._expected
        self._count += 1
        return awaited

    @contextmanager
    def passed_over(self) -> Iterator[None]:
        """Go on in this thread as if nobody had asked so far; another time counts."""
        thread = get_ident()
        before = self._passed_over.get(thread, 0)
        self._passed_over[thread] = self._count
        self._expected = max(self._expected, self._count + 1)
        try:
            yield
        finally:
            self._passed_over[thread] = before

    def here(self) -> Cancel:
        """Return this, or what is to be heeded on behalf of this thread while it passes this over.

        Whoever works for a thread in other threads looks at that.
        """
        passed = self._passed_over.get(get_ident(), 0)
        return _After(self, passed) if passed else self

    @property
    def count(self) -> int:
        """How often the user asked to stop."""
        return self._count

    @property
    def asked(self) -> bool:
        """Whether the user asked to stop."""
        return self._count > self._passed_over.get(get_ident(), 0)

    def expect_again(self) -> None:
        """Let a second wish be one that is awaited: to be called before the user hears of it."""
        self._expected = max(self._expected, 2)

    def asked_again(self, seconds: float) -> bool:
        """Wait whether the user asks a second time, at most `seconds`."""
        return _look(lambda: self._count > 1, seconds)

    def check(self) -> None:
        """Raise `Interrupted` when the user asked to stop."""
        if self.asked:
            raise Interrupted

    def wait(self, seconds: float) -> bool:
        """Wait until the user asks to stop, at most `seconds`; returns whether that happened."""
        return _look(lambda: self.asked, seconds)


class _After(Cancel):
    """Asked when another was asked more than so many times, whoever looks."""

    def __init__(self, other: Cancel, times: int) -> None:
        super().__init__()
        self._other = other
        self._times = times

    @property
    def asked(self) -> bool:
        """Whether the user asked again."""
        return self._other.count > self._times


def _look(asked: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not asked() and (rest := deadline - time.monotonic()) > 0:
        time.sleep(min(_LOOK_S, rest))
    return asked()
