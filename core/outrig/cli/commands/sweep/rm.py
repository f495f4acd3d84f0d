"""`outrig sweep rm`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.cli.sweep_listing import SWEEPS_ARGUMENT, asked_sweeps


class SweepRm(Command):
    """Forget sweeps that have ended."""

    summary = "Forget a sweep that has ended"
    details = (
        "Its record goes, with the results. Its session, and the outputs that came back, stay. "
        "The same cases would then be run anew."
    )
    examples = (("outrig sweep rm train-1 train-2", "forget two sweeps"),)
    arguments = (SWEEPS_ARGUMENT,)

    def handle(self) -> int:
        """Forget what was named."""
        for sweep in asked_sweeps(self):
            self.outrig.sweeps.remove(sweep)
            self.note(f"forgot {sweep.name}")
        return 0
