"""As whom things run inside: never as root."""

from __future__ import annotations

import os
import stat

FIRST, LAST = 60900, 60999
"""User ids that no system gives out: after those systemd keeps, before its dynamic ones."""


class Worker:
    """The user that programs inside run as; `dropped` tells that this process is root."""

    __slots__ = ("dropped", "gid", "uid")

    def __init__(self, uid: int, gid: int, dropped: bool) -> None:
        self.uid = uid
        self.gid = gid
        self.dropped = dropped

    def become(self) -> None:
        """Turn this process into the worker's, for good."""
        if self.dropped:
            os.setgroups([])
            os.setresgid(self.gid, self.gid, self.gid)
            os.setresuid(self.uid, self.uid, self.uid)


def find_worker() -> Worker:
    """Return this user, or for root the first user id of ours that nobody has."""
    if os.geteuid() != 0:
        return Worker(os.geteuid(), os.getegid(), False)
    import pwd

    for uid in range(FIRST, LAST + 1):
        try:
            pwd.getpwuid(uid)
        except KeyError:
            return Worker(uid, uid, True)
    return Worker(LAST, LAST, True)


def give_over(directory: str, worker: Worker) -> None:
    """Give the worker what root put there; links are not followed, other owners' files stay."""
    if worker.dropped:
        top = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            give_directory(top, worker)
        finally:
            os.close(top)


def give_terminal(worker: Worker) -> None:
    """Give the worker the terminal this process is on, if any: programs open it by its name."""
    if worker.dropped and os.isatty(0):
        os.fchown(0, worker.uid, worker.gid)


def give_directory(fd: int, worker: Worker) -> None:
    if is_ours(os.fstat(fd), worker):
        os.fchown(fd, worker.uid, worker.gid)
    with os.scandir(fd) as entries:
        for entry in entries:
            found = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(found.st_mode):
                give_below(fd, entry.name, worker)
            elif found.st_nlink == 1 and is_ours(found, worker):
                os.chown(entry.name, worker.uid, worker.gid, dir_fd=fd, follow_symlinks=False)


def give_below(fd: int, name: str, worker: Worker) -> None:
    try:
        inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=fd)
    except OSError:
        return  # it went, or became a link, meanwhile
    try:
        give_directory(inner, worker)
    finally:
        os.close(inner)


def is_ours(found: os.stat_result, worker: Worker) -> bool:
    """Whether a file is root's, or that of a worker chosen before."""
    return found.st_uid == 0 or (FIRST <= found.st_uid <= LAST and found.st_uid != worker.uid)
