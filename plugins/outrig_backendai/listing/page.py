"""A part of a list, as much of it as is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from outrig.errors import UsageError

T = TypeVar("T")
SHOWN = 10
"""How many are shown unless more are asked for."""


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some records of `total`, the first of them at `offset`."""

    records: Sequence[T]
    total: int
    offset: int = 0

    @property
    def left(self) -> int:
        """How many come after them."""
        return max(0, self.total - self.offset - len(self.records))


def cut(records: Sequence[T], offset: int, limit: int | None) -> Page[T]:
    """Return the page that begins at `offset`, with at most `limit` records (`None`: all)."""
    if offset < 0:
        raise UsageError(f"--offset {offset} is less than 0")
    if limit is not None and limit < 1:
        raise UsageError(f"--limit {limit} is less than 1")
    end = None if limit is None else offset + limit
    return Page(records[offset:end], len(records), offset)
