"""Text of many lines on a terminal, a page at a time."""

from __future__ import annotations

import os
import sys
import termios
import tty

from outrig.cli.terminal import is_terminal, send

PROMPT = ":"
_ENDS = ("q", "Q", "\x03", "\x04", "")


def show_in_pages(text: str) -> bool:
    """Print a text to the terminal, waiting for a key after each page; false when `q` ended it.

    Where nobody looks or can type, or where all fits, it is printed at once.
    """
    height = _height()
    lines = text.splitlines(keepends=True)
    if len(lines) < height or not (is_terminal(sys.stdout) and is_terminal(sys.stdin)):
        send(sys.stdout, text)
        return True
    page = max(1, height - 1)
    for start in range(0, len(lines), page):
        send(sys.stdout, "".join(lines[start : start + page]))
        if start + page < len(lines) and not _goes_on():
            return False
    return True


def _height() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).lines or 24
    except (OSError, ValueError):
        return 24


def _goes_on() -> bool:
    sys.stdout.write(PROMPT)
    sys.stdout.flush()
    key = _key()
    sys.stdout.write("\r" + " " * len(PROMPT) + "\r")
    sys.stdout.flush()
    return key not in _ENDS


def _key() -> str:
    """Return the key that is pressed, without waiting for the end of a line."""
    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)
    try:
        tty.setraw(handle, termios.TCSADRAIN)
        return os.read(handle, 1).decode("utf-8", "replace")
    finally:
        termios.tcsetattr(handle, termios.TCSADRAIN, before)
