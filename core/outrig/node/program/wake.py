"""The keeper from outside: waking it, and starting one where none is."""

from __future__ import annotations

import fcntl
import os
import time

from outrig.node.program.place import read_whole
from outrig.node.program.proc import close_all_but

KEEPER_VERSION = 1
"""Grows when a keeper can do what an earlier one cannot."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.node.program.place import Root


def poke(root: Root) -> None:
    """Make the keeper look at its files; where none runs, nothing happens."""
    try:
        fd = os.open(root.wake(), os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return
    try:
        os.write(fd, b"!")
    except OSError:
        pass  # full: it will wake anyway
    finally:
        os.close(fd)


def keeper_is_missing(root: Root) -> bool:
    """Whether no process holds the keeper's lock."""
    fd = os.open(root.keeper_lock(), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(fd)


def named_keeper(text: bytes) -> tuple[int, int]:
    """Return pid and version of the keeper that the lock's content names."""
    words = text.split()
    if len(words) != 2 or not words[0].isdigit() or not words[1].isdigit():
        return 0, KEEPER_VERSION
    return int(words[0]), int(words[1])


def keeper_is_older(root: Root) -> bool:
    """Whether the keeper that runs is of an earlier version than this program."""
    return named_keeper(read_whole(root.keeper_lock()) or b"")[1] < KEEPER_VERSION


def ensure_keeper(root: Root, keep: Callable[[Root], None]) -> None:
    """Wake the keeper, or start one: `keep` runs in a process of its own, detached from us.

    A keeper of an earlier version is replaced; the new one asks it to end, and its runs stay.
    """
    poke(root)
    if not keeper_is_missing(root) and not keeper_is_older(root):
        return
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    status = 1
    try:
        os.setsid()
        if os.fork() == 0:
            run_detached(root, keep)
        status = 0
    finally:
        os._exit(status)


def revive_keeper(root: Root, keep: Callable[[Root], None]) -> None:
    """Start a keeper where none runs; if that cannot be done now, who looks later tries again."""
    try:
        if keeper_is_missing(root):
            ensure_keeper(root, keep)
    except OSError:
        pass  # the root cannot be written, or there are too many processes


def run_detached(root: Root, keep: Callable[[Root], None]) -> None:
    status = 1
    try:
        os.chdir("/")
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        close_all_but((0, 1, 2))
        keep(root)
        status = 0
    except BaseException:  # nothing may go back into the code that was forked
        note_failure(root)
    finally:
        os._exit(status)


def note_failure(root: Root) -> None:
    """Leave the keeper's traceback in the root, for `doctor`."""
    import traceback

    try:
        with open(root.path + "/keeper.err", "w") as out:
            traceback.print_exc(file=out)
    except OSError:
        pass
    time.sleep(1.0)  # whoever starts the next one must not do so in a tight loop
