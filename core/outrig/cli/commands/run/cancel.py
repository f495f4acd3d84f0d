"""`outrig run cancel`"""

from __future__ import annotations

from outrig.cli.choosing_runs import RUNS_ARGUMENT, asked_runs
from outrig.cli.command import Command
from outrig.cli.definition import option


class RunCancel(Command):
    """End runs."""

    summary = "End runs that wait or are running"
    details = "Everything the run started is asked to end, and ended after the grace time."
    examples = (("outrig run cancel 01JD", "the run whose id begins so"),)
    arguments = (RUNS_ARGUMENT,)
    options = (
        option("grace", None, "seconds between TERM and KILL", value="S", type=float, default=5.0),
    )

    def handle(self) -> int:
        """Cancel what was named."""
        grace_s = self.value("grace", float) or 0.0
        for session, run in asked_runs(self):
            for ended in self.outrig.cancel_runs(session, [run], grace_s):
                self.note(f"{ended.id} is {ended.state.status.value}")
        return 0
