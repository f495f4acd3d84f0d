"""A lock among processes, by name: the kernel drops it when its holder dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from outrig.errors import ConfigError


class Lock:
    """The lock of that name in a state directory: who holds it is the one who works on something.

    Raises `ConfigError` where its file cannot be made.
    """

    def __init__(self, directory: str, name: str) -> None:
        path = Path(directory) / "locks" / name
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as err:
            raise ConfigError(f"cannot lock {name}: {path}: {err.strerror}") from err
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


def is_held(directory: str, name: str) -> bool:
    """Tell whether a live process holds the lock of that name."""
    lock = Lock(directory, name)
    try:
        return not lock.take()
    finally:
        lock.close()
