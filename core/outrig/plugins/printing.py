"""Keeps what plugins print while they are imported out of the results."""

from __future__ import annotations

import contextlib
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST = 200
_STDOUT = 1


class Printed:
    """What was printed on standard output."""

    text = ""

    @property
    def first_line(self) -> str:
        """Its beginning, in one line."""
        return next((line.strip() for line in self.text.splitlines() if line.strip()), "")[:_MOST]


@contextmanager
def kept_apart() -> Iterator[Printed]:
    """Catch what is printed meanwhile, also past `sys.stdout`, by this process as a whole."""
    printed = Printed()
    try:
        before, file = os.dup(_STDOUT), _file()
    except OSError:  # there is no standard output, or nowhere to keep anything
        with contextlib.redirect_stdout(sys.stderr):
            yield printed
        return
    stream = open(os.dup(file), "w", errors="replace")  # noqa: PTH123, SIM115 - no pathlib here
    try:
        os.dup2(file, _STDOUT)
        with stream, contextlib.redirect_stdout(stream):
            yield printed
    finally:
        os.dup2(before, _STDOUT)
        printed.text = os.pread(file, _MOST * 4, 0).decode(errors="replace")
        os.close(before)
        os.close(file)


def _file() -> int:
    """Open a file without a name; `tempfile` takes longer to import than many a plugin."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("outrig")
    name = f"{os.environ.get('TMPDIR') or '/tmp'}/outrig-{os.getpid()}-{os.urandom(8).hex()}"  # noqa: S108 - a new file, nobody else's
    file = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    os.unlink(name)  # noqa: PTH108 - no pathlib here
    return file
