"""`outrig sweep list`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.sweep_listing import COLUMNS


class SweepList(Command):
    """List the sweeps of the project, or of all projects outside one."""

    summary = "List sweeps, newest first"
    details = (
        "The nodes are asked how cases stand that had not ended. A sweep that nobody works on, "
        "because its client or the computer died, is gone on with in the background."
    )
    examples = (
        ("outrig sweep list", "the sweeps of this project"),
        ("outrig sweep list --output json", "with all that is known of them"),
    )
    options = (option("all-projects", None, "show the sweeps of all projects"),)
    lists = True

    def handle(self) -> int:
        """Print the list."""
        outrig = self.outrig
        project = None if self.flag("all-projects") else outrig.here()
        outrig.sweeps.tend()
        self.listing(outrig.sweeps.overview(project), COLUMNS, empty="no sweeps")
        return 0
