"""`outrig sweep show`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.sweep_listing import SWEEP_ARGUMENT, asked_sweep, case_columns
from outrig.cli.sweeping import sorted_counts
from outrig.model.run import RunStatus

if TYPE_CHECKING:
    from outrig.model.sweep import SweepCase

_SHOWN_WAITING = 50


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
        cases = sweeps.cases(sweep, wanted)
        shown_cases = cases if wanted or self.output != "table" else _without_most_waiting(cases)
        self.listing(shown_cases, case_columns(sweep), empty="no such case")
        left = len(cases) - len(shown_cases)
        if left:
            self.note(f"{left} more cases wait (all: --state QUEUED, or --output json)")
        return 0


def _without_most_waiting(cases: list[SweepCase]) -> list[SweepCase]:
    """Leave out the cases that wait behind the next ones, which would fill many screens."""
    waiting = [case.number for case in cases if case.status is RunStatus.QUEUED]
    behind = set(waiting[_SHOWN_WAITING:])
    return [case for case in cases if case.number not in behind]
