"""A clock and identifiers that a test controls."""

from __future__ import annotations

from datetime import UTC, datetime

START_S = 1_600_000_000.0
"""When every test's clock starts: 2020-09-13 12:26:40 UTC."""


class Clock:
    """A clock that stands still until it is moved. Call it for seconds since the epoch."""

    def __init__(self, start_s: float = START_S) -> None:
        self.time_s = start_s

    def __call__(self) -> float:
        """Return the time in seconds since the epoch."""
        return self.time_s

    def now(self) -> datetime:
        """Return the time as a date, in UTC."""
        return datetime.fromtimestamp(self.time_s, UTC)

    def sleep(self, seconds: float) -> None:
        """Move the clock on; give this to code that would sleep."""
        self.time_s += seconds


class Ids:
    """Gives the identifiers `00000000000000000000000001`, `…02` and so on: 26 digits, sortable."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> str:
        """Return the next identifier."""
        self.count += 1
        return f"{self.count:026d}"
