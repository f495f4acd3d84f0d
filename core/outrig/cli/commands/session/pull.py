"""`outrig session pull`"""

from __future__ import annotations

from outrig.cli.choosing import NAME_OPTION, asked_sessions
from outrig.cli.command import Command
from outrig.cli.definition import argument
from outrig.cli.running import TerminalObserver, interruptible, say_pulled


class SessionPull(Command):
    """Bring output files back."""

    summary = "Bring a session's output files back to the project"
    details = (
        "Without paths, the project's output_files come back. A file that was changed here is "
        "never overwritten: the new one is put beside it. Of several sessions each one's files go "
        "to outputs/SESSION/."
    )
    examples = (
        ("outrig session pull", "the declared outputs of the session used last"),
        ('outrig session pull "logs/*.txt" --name train', "other files of one session"),
    )
    arguments = (
        argument(
            "path", "files, directories or patterns in the session", required=False, repeat=True
        ),
    )
    options = (NAME_OPTION,)

    def handle(self) -> int:
        """Pull from what was named."""
        self.outrig.watch(TerminalObserver(self))
        sessions = asked_sessions(self)
        paths = self.argument_words("path") or None
        count = 0
        with interruptible(self.outrig):
            for session in sessions:
                pulled = self.outrig.pull(session, outputs=paths, apart=len(sessions) > 1)
                say_pulled(self, pulled)
                count += len(pulled)
        self.note(f"{count} file{'s' if count != 1 else ''}")
        return 0
