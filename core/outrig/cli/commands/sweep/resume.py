"""`outrig sweep resume`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.cli.sweep_again import DETACH_OPTION, run_cases_again
from outrig.cli.sweep_listing import SWEEP_ARGUMENT
from outrig.sweep.again import NO_SUCCESS


class SweepResume(Command):
    """Go on with a sweep: run what has not succeeded."""

    summary = "Go on with a sweep: run all that has not succeeded"
    details = (
        "Cases that succeeded are not run again, whoever ran them. After a crash the cases that "
        "the nodes have go on by themselves; this runs those that failed, were lost or cancelled."
    )
    examples = (("outrig sweep resume", "the newest sweep"),)
    arguments = (SWEEP_ARGUMENT,)
    options = (DETACH_OPTION,)
    runs_commands = True

    def handle(self) -> int:
        """Run what is left."""
        return run_cases_again(self, NO_SUCCESS)
