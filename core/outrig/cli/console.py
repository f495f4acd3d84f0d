"""Joining the user's terminal to a console on a node."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import threading
import tty
from contextlib import contextmanager
from typing import TYPE_CHECKING

from outrig.cli.terminal import is_terminal
from outrig.model.console import Size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.model.console import Console

_READ_BYTES = 65536
_END_AGAIN_S = 0.3


def terminal_size() -> Size:
    """Return the size of the user's terminal; 80 by 24 without one."""
    try:
        size = os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        return Size()
    return Size(columns=size.columns or 80, rows=size.lines or 24)


def work_in_console(console: Console) -> int:
    """Pass keys and output between the terminal and the console; returns its exit code."""
    ended, wake = os.pipe()
    reader = threading.Thread(target=_print_output, args=(console, wake), daemon=True)
    with _raw_terminal(), _resizing(console):
        reader.start()
        try:
            _send_keys(console, ended)
        finally:
            reader.join()
            code = console.close()
            os.close(ended)
            os.close(wake)
    return code


def _print_output(console: Console, wake: int) -> None:
    try:
        while data := console.read():
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
    finally:
        os.write(wake, b".")


def _send_keys(console: Console, ended: int) -> None:
    """Send what is typed until the program ends; the end of a piped input is sent as Ctrl-D.

    That is sent again and again: a shell that is just starting drops it when it sets its terminal.
    """
    sources = [sys.stdin.fileno(), ended]
    timeout_s = None
    while True:
        ready, _, _ = select.select(sources, [], [], timeout_s)
        if ended in ready:
            return
        if not ready:
            console.write(b"\x04")
            continue
        data = os.read(sys.stdin.fileno(), _READ_BYTES)
        console.write(data or b"\x04")
        if not data:
            sources.remove(sys.stdin.fileno())
            timeout_s = _END_AGAIN_S


@contextmanager
def _raw_terminal() -> Iterator[None]:
    if not is_terminal(sys.stdin):
        yield
        return
    before = termios.tcgetattr(sys.stdin.fileno())
    tty.setraw(sys.stdin.fileno(), termios.TCSADRAIN)  # what was typed ahead stays
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, before)


@contextmanager
def _resizing(console: Console) -> Iterator[None]:
    def resize(_signal: int, _frame: object) -> None:
        console.resize(terminal_size())

    before = signal.signal(signal.SIGWINCH, resize)
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)
