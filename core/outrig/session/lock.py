"""One process at a time works on a session's life."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outrig.session.cancel import Cancel

_POLL_S = 0.1


@contextmanager
def session_lock(
    directory: str, session_id: str, cancel: Cancel, waiting: Callable[[], None]
) -> Iterator[None]:
    """Hold the lock of a session; call `waiting` once when another process has it.

    The kernel drops the lock when its holder dies. Raises `Interrupted` while waiting.
    """
    descriptor = _open(directory, session_id)
    try:
        if not _try(descriptor):
            waiting()
            while not _try(descriptor):
                cancel.wait(_POLL_S)
                cancel.check()
        yield
    finally:
        os.close(descriptor)


def is_locked(directory: str, session_id: str) -> bool:
    """Return whether a live process holds the session's lock."""
    descriptor = _open(directory, session_id)
    try:
        return not _try(descriptor)
    finally:
        os.close(descriptor)


def _open(directory: str, session_id: str) -> int:
    path = Path(directory) / "locks" / session_id
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as err:
        raise ConfigError(f"cannot lock the session: {path}: {err.strerror}") from err


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
