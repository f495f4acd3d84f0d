"""One process at a time works on a sweep; the others may watch it."""

from __future__ import annotations

from outrig.lock import Lock, is_held


class SweepLock(Lock):
    """The lock of one sweep (or `supervisor`)."""

    def __init__(self, directory: str, name: str) -> None:
        super().__init__(directory, f"sweep-{name}")


def is_driven(directory: str, name: str) -> bool:
    """Return whether a live process works on a sweep."""
    return is_held(directory, f"sweep-{name}")
