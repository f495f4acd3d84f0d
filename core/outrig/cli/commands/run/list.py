"""`outrig run list`"""

from __future__ import annotations

from outrig.cli.choosing import NAME_OPTION, asked_sessions
from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.run_listing import COLUMNS


class RunList(Command):
    """List the runs of sessions."""

    summary = "List runs, newest first"
    details = "Without a name, the runs of the session used last; with --all, of every session."
    examples = (
        ("outrig run list", "the runs of the session used last"),
        ('outrig run list --name "*" --output json', "of all live sessions, as JSON"),
    )
    options = (
        NAME_OPTION,
        option("all", "a", "the runs of all sessions, ended ones too"),
    )
    lists = True

    def handle(self) -> int:
        """Ask the nodes how runs stand, and print them."""
        outrig = self.outrig
        if self.flag("all"):
            runs = outrig.runs()
        else:
            sessions = asked_sessions(self)
            runs = [run for one in sessions for run in reversed(outrig.refresh(one))]
        self.listing(runs, COLUMNS, empty="no runs")
        return 0
