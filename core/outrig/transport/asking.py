"""Questions to the user, on the terminal itself, as ssh asks them."""

from __future__ import annotations

import os
from pathlib import Path

TERMINAL = Path("/dev/tty")


def can_ask() -> bool:
    """Tell whether a user sits at a terminal, to be asked for a password or about a key."""
    return os.isatty(0) and os.isatty(2) and TERMINAL.exists()


def accepts(question: str) -> bool:
    """Ask a yes-or-no question; no is what is not a clear yes."""
    try:
        with TERMINAL.open("r+b", buffering=0) as terminal:
            terminal.write(f"{question} [y/N] ".encode())
            answer = terminal.read(80) or b""
    except OSError:
        return False
    return answer.strip().lower() in (b"y", b"yes")
