"""`outrig sweep retry`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.sweep_again import DETACH_OPTION, run_cases_again
from outrig.cli.sweep_listing import SWEEP_ARGUMENT
from outrig.model.run import RunStatus
from outrig.sweep.again import FAILED


class SweepRetry(Command):
    """Run cases of a sweep again."""

    summary = "Run the failed cases of a sweep again"
    details = (
        "The cases that FAILED or were LOST run again, in the same directories, from the sweep's "
        "own snapshot; with --all those that succeeded or were cancelled too."
    )
    examples = (
        ("outrig sweep retry --failed", "the failed cases of the newest sweep"),
        ("outrig sweep retry train-2 --all", "every case"),
    )
    arguments = (SWEEP_ARGUMENT,)
    options = (
        option("failed", None, "the cases that failed or were lost (the default)"),
        option("all", "a", "every case that has ended"),
        DETACH_OPTION,
    )
    runs_commands = True

    def handle(self) -> int:
        """Run them."""
        every = tuple(status for status in RunStatus if status.ended)
        return run_cases_again(self, every if self.flag("all") else FAILED)
