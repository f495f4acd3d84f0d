"""One process at a time works on a sweep; the others may watch it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from outrig.errors import ConfigError


class SweepLock:
    """The lock of one sweep (or `supervisor`). The kernel drops it when its holder dies."""

    def __init__(self, directory: str, name: str) -> None:
        path = Path(directory) / "locks" / f"sweep-{name}"
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as err:
            raise ConfigError(f"cannot lock the sweep: {path}: {err.strerror}") from err
        self.held = False

    def take(self) -> bool:
        """Take it unless another process has it; returns whether it is held now."""
        if not self.held:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            self.held = True
        return True

    def close(self) -> None:
        """Let it go."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            self.held = False


def is_driven(directory: str, name: str) -> bool:
    """Return whether a live process works on a sweep."""
    lock = SweepLock(directory, name)
    try:
        return not lock.take()
    finally:
        lock.close()
