"""What the user types for a program in a session, and hiding what is a secret."""

from __future__ import annotations

import sys
import termios
from contextlib import suppress
from typing import TYPE_CHECKING

from outrig.api import Stream, TerminalObserver
from outrig_backendai.execution.feeding import Feed, Keyboard, has_input

if TYPE_CHECKING:
    from outrig.api import Command, Outrig, Run, Session, Step

_NO_ECHO_ASKED = b"Warning: Password input may be echoed."
"""What Python's getpass says where it has no terminal whose echo it could switch off."""


class RunObserver(TerminalObserver):
    """Prints what a run prints; when a program asks for a secret, typing is not shown."""

    def __init__(self, command: Command, *, prefix: bool = False) -> None:
        super().__init__(command, prefix=prefix)
        self._told = command
        self.secrets = Secrets(command)
        self._end = b""

    def step(self, _session: Session, step: Step, number: int, count: int) -> None:
        """Say the steps of starting only where they are asked for (`-v`)."""
        self._told.detail(f"[{number}/{count}] {step.name}: {step.skip or step.detail}")

    def output(self, session: Session, run: Run, stream: Stream, data: bytes) -> None:
        """Pass it on."""
        if stream is Stream.ERR:
            said = self._end + data
            if _NO_ECHO_ASKED in said:
                self.secrets.hide()
            self._end = said[1 - len(_NO_ECHO_ASKED) :]
        super().output(session, run, stream, data)


class Secrets:
    """Switches the echo of our own terminal off until the next line was typed."""

    def __init__(self, command: Command) -> None:
        self._command = command
        self._before: list[int | list[bytes | int]] | None = None

    def hide(self) -> None:
        """Show nothing of what is typed from now on."""
        if self._before is not None or not sys.stdin.isatty():
            return
        with suppress(termios.error):
            self._before = termios.tcgetattr(0)
            quiet = list(self._before)
            quiet[3] = int(str(quiet[3])) & ~termios.ECHO
            termios.tcsetattr(0, termios.TCSANOW, quiet)

    def show(self, typed: bytes = b"\n") -> None:
        """Show it again, after a line was typed."""
        if self._before is not None and (not typed or b"\n" in typed):
            before, self._before = self._before, None
            with suppress(termios.error):
                termios.tcsetattr(0, termios.TCSANOW, before)
            self._command.note("")


def feed_for(outrig: Outrig, session: Session) -> Feed | None:
    """Return the way to the input of a program, if anything could come from ours."""
    given = sys.stdin is not None and has_input(0)  # closed, its number may be another file's
    return Feed(outrig, session) if given else None


def typing_for(feed: Feed, secrets: Secrets) -> Keyboard:
    """Return what passes our standard input on."""
    return Keyboard(feed, 0, secrets.show)
