"""`outrig run show`"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from outrig.cli.choosing_runs import RUNS_ARGUMENT, asked_runs
from outrig.cli.command import Command
from outrig.cli.listing import utc
from outrig.cli.run_listing import COLUMNS


class RunShow(Command):
    """Show all that is recorded of runs."""

    summary = "Show all that is recorded of a run"
    examples = (("outrig run show --output json", "the newest run, as JSON"),)
    arguments = (RUNS_ARGUMENT,)
    lists = True

    def handle(self) -> int:
        """Ask the node how the runs stand, and print them."""
        runs = []
        for session, run in asked_runs(self):
            fresh = {one.id: one for one in self.outrig.refresh(session)}
            runs.append(fresh.get(run.id, run))
        if self.output != "table" or self.text("format"):
            self.listing(runs, COLUMNS)
            return 0
        for run in runs:
            for column in COLUMNS:
                value = utc(run.created_at) if column.name == "created" else column.get(run)
                if value not in (None, "", {}):
                    shown = value.value if isinstance(value, Enum) else value
                    if isinstance(value, Mapping):
                        shown = " ".join(f"{name}={text}" for name, text in value.items())
                    self.line(f"{column.name + ':':<17} {shown}")
        return 0
