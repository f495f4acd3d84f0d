"""Where a session is kept on a node: among the logs of its Ray, which the dashboard reads.

`outrig/SESSION/work` is the work directory, `r/RUN/` holds a run's output in pieces and how it
ended, `l/JOB/` what a look at files found.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO

HERE = ".outrig-ray"
"""Where our own things are in a package."""
FAILED_BEFORE = 125
"""The exit code of a run whose command never began."""
PIECE = 256 * 1024
"""The size of the pieces of a run's output, in bytes."""


class Place:
    """Where a session is kept on this node."""

    def __init__(self, session: str) -> None:
        log = os.readlink("/proc/self/fd/1")
        self.logs = os.path.dirname(log)
        self.top = os.path.join(self.logs, "outrig", session)
        self.work = os.path.join(self.top, "work")

    def locked(self) -> IO[str]:
        """Keep other jobs of the session on this node out, until it is closed."""
        os.makedirs(self.top, mode=0o700, exist_ok=True)
        lock = open(os.path.join(self.top, "lock"), "w")  # noqa: SIM115 - the caller closes it
        fcntl.flock(lock, fcntl.LOCK_EX)
        return lock


def write_json(path: str, value: object) -> None:
    """Write a file so that it is the old one or the new one, whole."""
    aside = "%s.%d" % (path, os.getpid())
    with open(aside, "w") as file:
        json.dump(value, file)
    os.replace(aside, path)


def remove(path: str) -> None:
    """Remove whatever is there."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    elif os.path.lexists(path):
        os.unlink(path)
