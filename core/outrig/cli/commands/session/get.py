"""`outrig session get`"""

from __future__ import annotations

from pathlib import Path

from outrig.cli.choosing import NAME_OPTION, asked_session
from outrig.cli.command import Command
from outrig.cli.definition import argument
from outrig.cli.running import TerminalObserver, interruptible


class SessionGet(Command):
    """Copy a file or directory from a session."""

    summary = "Copy a file or directory from a session to this computer"
    details = "The path is relative to the session's work directory. What is there is replaced."
    examples = (("outrig session get logs/run.txt .", "one file, into this directory"),)
    arguments = (
        argument("path", "the file or directory in the session"),
        argument("target", "where to put it (default: here)", default="."),
    )
    options = (NAME_OPTION,)

    def handle(self) -> int:
        """Copy it."""
        self.outrig.watch(TerminalObserver(self))
        session, target = asked_session(self), Path(self.word("target") or ".")
        with interruptible(self.outrig):
            copied = self.outrig.get_files(session, self.word("path") or ".", target)
        for path, place in copied:
            self.note(f"{path} -> {place}")
        return 0
