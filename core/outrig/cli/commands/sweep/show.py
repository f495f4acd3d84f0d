"""`outrig sweep show`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.sweep_listing import SWEEP_ARGUMENT, asked_sweep, case_columns
from outrig.cli.sweeping import sorted_counts
from outrig.model.run import RunStatus


class SweepShow(Command):
    """Show the cases of a sweep and how they stand."""

    summary = "Show a sweep's cases: their values, state, exit code and duration"
    examples = (
        ("outrig sweep show", "the newest sweep"),
        ("outrig sweep show train-2 --state FAILED", "the cases that failed"),
    )
    arguments = (SWEEP_ARGUMENT,)
    options = (
        option(
            "state",
            None,
            "only cases that stand so",
            value="STATE",
            choices=tuple(status.value for status in RunStatus),
            repeat=True,
        ),
    )
    lists = True

    def handle(self) -> int:
        """Print them."""
        sweeps = self.outrig.sweeps
        sweep = sweeps.refresh(asked_sweep(self))
        sweeps.tend()
        counts = sorted_counts(sweeps.counts(sweep))
        shown = ", ".join(f"{count} {status.value}" for status, count in counts)
        self.note(f"{sweep.name}: {sweep.state.value} ({shown})")
        if sweep.reason:
            self.note(f"{sweep.name}: {sweep.reason}")
        wanted = tuple(RunStatus(one) for one in self.texts("state"))
        self.listing(sweeps.cases(sweep, wanted), case_columns(sweep), empty="no such case")
        return 0
