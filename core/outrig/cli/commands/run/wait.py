"""`outrig run wait`"""

from __future__ import annotations

from outrig.cli.choosing_runs import RUNS_ARGUMENT, asked_runs
from outrig.cli.command import Command
from outrig.cli.following import wait_for


class RunWait(Command):
    """Wait until runs have ended."""

    summary = "Wait until runs have ended"
    details = "Prints each run's id, state and exit code. The exit code is theirs."
    examples = (("outrig run wait", "wait for the newest run of the session used last"),)
    arguments = (RUNS_ARGUMENT,)
    runs_commands = True

    def handle(self) -> int:
        """Wait."""
        return wait_for(self, asked_runs(self))
