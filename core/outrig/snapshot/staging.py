"""Directories that a restore works in, until it is whole; those of dead restores are cleared away.

Whoever makes one holds a lock on it (`flock`), which ends with the process however that ends. So
one that can be locked belongs to nobody any more. Where a file system knows no such locks, nothing
is taken for dead.
"""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from outrig import ids
from outrig.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

INSIDE = ".outrig-restore-"
"""Begins the name of a working directory inside of the one that is restored into."""
_ID = "[0-9A-HJKMNP-TV-Z]{26}"
_LEFT_INSIDE = re.compile(rb"\.outrig-restore-" + _ID.encode())
_ATTEMPTS = 20
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def is_staging(name: bytes) -> bool:
    """Say whether a name is that of a working directory inside of a target: no part of a tree."""
    return _LEFT_INSIDE.fullmatch(name) is not None


class Staging:
    """A working directory in `parent`, locked for as long as it is used."""

    def __init__(self, parent: Path, prefix: str, mode: int) -> None:
        clear_dead(parent, prefix)
        for _ in range(_ATTEMPTS):
            self.path = parent / f"{prefix}{ids.new_id()}"
            self.path.mkdir(mode)
            try:
                self.fd = os.open(self.path, _OPEN)
            except FileNotFoundError:
                continue  # somebody took it for dead before it was locked…
            if _lock(self.fd) is not False and _is_still(self.path, self.fd):
                return
            os.close(self.fd)  # …or is about to
        raise StoreError(f"cannot make a working directory in {parent}: others remove it")

    def close(self) -> None:
        """Let go of it, wherever it is by now."""
        os.close(self.fd)

    def remove(self) -> None:
        """Remove it with all that is in it."""
        import shutil

        shutil.rmtree(self.path, ignore_errors=True)


def _lock(fd: int) -> bool | None:
    """Lock a directory; `False` when another holds it, `None` where there are no locks."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _is_still(path: Path, fd: int) -> bool:
    try:
        return os.path.samestat(os.lstat(path), os.fstat(fd))
    except FileNotFoundError:
        return False


def clear_dead(parent: Path, prefix: str) -> int:
    """Remove the working directories of restores that died; returns how many there were."""
    pattern = re.compile(re.escape(prefix) + _ID)
    cleared = 0
    try:
        names = [name for name in os.listdir(parent) if pattern.fullmatch(name)]  # noqa: PTH208
    except PermissionError:
        return 0  # one may write into a directory that one may not list
    if not names:
        return 0
    import shutil

    for name in names:
        with suppress(OSError):
            fd = os.open(parent / name, _OPEN)
            try:
                if _lock(fd):
                    shutil.rmtree(parent / name)
                    cleared += 1
            finally:
                os.close(fd)
    return cleared
