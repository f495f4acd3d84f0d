"""`outrig session put`"""

from __future__ import annotations

from pathlib import Path

from outrig.cli.choosing import NAME_OPTION, asked_session
from outrig.cli.command import Command
from outrig.cli.definition import argument
from outrig.cli.running import TerminalObserver, interruptible


class SessionPut(Command):
    """Copy a file or directory into a session."""

    summary = "Copy a file or directory from this computer into a session"
    details = (
        "The target is relative to the session's work directory; with / at its end it is a "
        "directory to put the file in. What is there is replaced."
    )
    examples = (("outrig session put data.csv input/", "one file, into a directory"),)
    arguments = (
        argument("path", "the file or directory on this computer"),
        argument("target", "where to put it (default: the work directory)", default="."),
    )
    options = (NAME_OPTION,)

    def handle(self) -> int:
        """Copy it."""
        self.outrig.watch(TerminalObserver(self))
        session, source = asked_session(self), Path(self.word("path") or "")
        with interruptible(self.outrig):
            copied = self.outrig.put_files(session, source, self.word("target") or ".")
        for path, place in copied:
            self.note(f"{path} -> {place}")
        return 0
