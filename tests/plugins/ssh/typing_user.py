"""A user at a terminal of their own, who reads and types."""

from __future__ import annotations

import os
import pty
import select
import signal
import time
from typing import TYPE_CHECKING

from outrig.testing.command_line import OUTRIG

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_S = 60


class TypingUser:
    """Runs `outrig WORDS…` on a terminal that is its controlling one, as ssh needs to ask."""

    def __init__(self, *words: str, cwd: Path) -> None:
        self.seen = ""
        self._cwd = cwd
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execv(OUTRIG[0], [*OUTRIG, *words])

    def read_until(self, wanted: str, *, after: str = "") -> str:
        """Read until something has appeared (`after` something); returns all that was seen."""
        deadline = time.monotonic() + LIMIT_S
        while not self._has(wanted, after):
            assert time.monotonic() < deadline, f"{wanted!r} does not come: {self.seen!r}"
            if not self._read():
                break
        assert self._has(wanted, after), self.seen
        return self.seen

    def _has(self, wanted: str, after: str) -> bool:
        return after in self.seen and wanted in self.seen[self.seen.index(after) :]

    def type(self, text: str) -> None:
        """Type something."""
        os.write(self._master, text.encode())

    def wait(self) -> int:
        """Read to the end and return the exit code."""
        while self._read():
            pass
        os.close(self._master)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], LIMIT_S)
        if not ready:
            os.kill(self.pid, signal.SIGKILL)
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: nobody has the terminal open any more
            return False
        self.seen += data.decode(errors="replace")
        return bool(data)
