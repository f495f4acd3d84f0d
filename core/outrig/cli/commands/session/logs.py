"""`outrig session logs`"""

from __future__ import annotations

from outrig.cli.choosing import NAME_ARGUMENT, NAME_OPTION, asked_sessions
from outrig.cli.choosing_runs import newest_run
from outrig.cli.command import Command
from outrig.cli.following import LOG_OPTIONS, print_logs


class SessionLogs(Command):
    """Print what the newest run of a session wrote."""

    summary = "Print what the newest run of a session wrote, or follow it"
    examples = (("outrig session logs -f train", "come back to what runs in session train"),)
    arguments = (NAME_ARGUMENT,)
    options = (NAME_OPTION, *LOG_OPTIONS)
    runs_commands = True

    def handle(self) -> int:
        """Print the logs."""
        targets = [(one, newest_run(self, one)) for one in asked_sessions(self)]
        since = self.value("since", int) or 0
        return print_logs(self, targets, since=since, wait=self.flag("follow"))
