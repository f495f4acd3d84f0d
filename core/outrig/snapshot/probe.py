"""Tries what a store has to be able to do, with a few objects that are removed again."""

from __future__ import annotations

import os
import time
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from outrig import ids
from outrig.errors import NotFoundError, OutrigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outrig.interfaces import ObjectStore

PREFIX = "probe/"
_SIZE = 1 << 20
_SKEW_S = 3600.0


class Outcome(Enum):
    """It is well, or lacks something that can be done without, or will not do."""

    WELL = "well"
    LACKS = "lacks"
    FAILS = "fails"


class Finding(NamedTuple):
    """One thing that was tried, how it went, and what was seen."""

    what: str
    outcome: Outcome
    found: str


class _Probe:
    def __init__(self, store: ObjectStore, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._key = f"{PREFIX}{ids.new_id()}"
        self._data = os.urandom(_SIZE)

    def reading(self) -> Finding:
        """List what is there."""
        count = sum(1 for _ in self._store.list("snapshots/"))
        return Finding("list", Outcome.WELL, f"{count} snapshot{'' if count == 1 else 's'}")

    def writing(self) -> Finding:
        """Put an object of 1 MiB."""
        begin_s = time.monotonic()
        self._store.put(self._key, memoryview(self._data), if_absent=True)
        took_s = max(time.monotonic() - begin_s, 1e-6)
        return Finding("write", Outcome.WELL, f"1 MiB in {took_s:.2f} s")

    def whole(self) -> Finding:
        """Read it back."""
        same = self._store.get(self._key) == self._data
        return _finding("read", same, "what was written", "not what was written")

    def ranges(self) -> Finding:
        """Read parts of it, also where it ends, and of what is not there."""
        get, data = self._store.get, self._data
        same = get(self._key, 1000, 50) == data[1000:1050]
        same = same and get(self._key, _SIZE - 5, 50) == data[-5:]
        try:
            get(f"{self._key}-not-there")
        except NotFoundError:
            return _finding("ranges", same, "parts can be read", "parts are not what was asked for")
        return Finding("ranges", Outcome.FAILS, "a missing object is not told")

    def exclusive(self) -> Finding:
        """Put an object under a taken key."""
        taken = not self._store.put(self._key, b"other", if_absent=True)
        if not taken:
            self._store.put(self._key, self._data, if_absent=False)
        found = "a taken key is not told; nothing depends on it"
        return Finding(
            "taken keys",
            Outcome.WELL if taken else Outcome.LACKS,
            "are left as they are" if taken else found,
        )

    def listing(self) -> Finding:
        """Look whether a new object is listed, and when the store thinks it was made."""
        mine = [one for one in self._store.list(PREFIX) if one.key == self._key]
        if not mine:
            found = "new objects are listed late: snapshots will be seen late"
            return Finding("listing", Outcome.LACKS, found)
        if mine[0].size_bytes != _SIZE:
            return Finding(
                "listing", Outcome.FAILS, f"says {mine[0].size_bytes} bytes, not {_SIZE}"
            )
        away_s = mine[0].modified_s - self._clock()
        if abs(away_s) > _SKEW_S:
            found = f"the store's clock differs by {away_s / 3600:+.1f} h: prunes need it right"
            return Finding("clock", Outcome.FAILS, found)
        return Finding("listing", Outcome.WELL, "new objects are listed, with size and time")

    def deleting(self) -> Finding:
        """Delete it, twice, and look whether it is gone."""
        self._store.delete([self._key])
        self._store.delete([self._key])
        gone = all(one.key != self._key for one in self._store.list(PREFIX))
        return _finding("delete", gone, "at once, and it is not listed any more", "it stays listed")

    def clear(self) -> None:
        """Remove what is left, if anything."""
        self._store.delete([self._key])


def _finding(what: str, well: bool, good: str, bad: str) -> Finding:
    return Finding(what, Outcome.WELL if well else Outcome.FAILS, good if well else bad)


def probe_store(store: ObjectStore, clock: Callable[[], float] = time.time) -> Iterator[Finding]:
    """Try everything that snapshots ask of a store; what cannot be done is said, not raised."""
    probe = _Probe(store, clock)
    steps = (
        ("list", probe.reading),
        ("write", probe.writing),
        ("read", probe.whole),
        ("ranges", probe.ranges),
        ("taken keys", probe.exclusive),
        ("listing", probe.listing),
        ("delete", probe.deleting),
    )
    for number, (what, step) in enumerate(steps):
        try:
            finding = step()
        except OutrigError as err:
            yield Finding(what, Outcome.FAILS, f"{err}{f' ({err.hint})' if err.hint else ''}")
            if number < 2:
                return  # the rest needs an object that could be written
        else:
            yield finding
    try:
        probe.clear()
    except OutrigError as err:
        yield Finding("clear", Outcome.LACKS, f"one object is left below {PREFIX}: {err}")
