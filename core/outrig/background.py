"""Commands of ours that go on by themselves when the one that starts them has ended."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOG_BYTES = 1 << 20
_started: list[subprocess.Popen[bytes]] = []
"""Those that have not ended as far as is known: who outlives them also takes their end."""


def start_aside(directory: str, words: Sequence[str], log: str) -> None:
    """Start `outrig WORDS` in a process group of its own, in `directory`, printing to a log there.

    A log of more than 1 MiB is begun anew. Raises `OSError`.
    """
    path = Path(directory) / log
    with suppress(OSError):
        if path.stat().st_size > _LOG_BYTES:
            path.unlink()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "outrig", *words],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
            close_fds=True,
        )
    finally:
        os.close(descriptor)
    _started[:] = [one for one in _started if one.poll() is None] + [process]
