"""`outrig run logs`"""

from __future__ import annotations

from outrig.cli.choosing_runs import RUNS_ARGUMENT, asked_runs
from outrig.cli.command import Command
from outrig.cli.following import LOG_OPTIONS, print_logs


class RunLogs(Command):
    """Print what runs wrote."""

    summary = "Print what a run wrote, or follow it"
    details = (
        "What the run wrote to stdout goes to stdout, the rest to stderr. Ctrl-C while following "
        "leaves the run alone; a second one within 2 s ends it."
    )
    examples = (("outrig run logs -f", "follow the newest run of the session used last"),)
    arguments = (RUNS_ARGUMENT,)
    options = LOG_OPTIONS
    runs_commands = True

    def handle(self) -> int:
        """Print the logs."""
        since = self.value("since", int) or 0
        return print_logs(self, asked_runs(self), since=since, wait=self.flag("follow"))
