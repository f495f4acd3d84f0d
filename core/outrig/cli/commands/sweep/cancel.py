"""`outrig sweep cancel`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.cli.sweep_listing import SWEEPS_ARGUMENT, asked_sweeps
from outrig.cli.sweeping import cancel_sweep


class SweepCancel(Command):
    """End sweeps: what waits never starts, what runs is ended."""

    summary = "End a sweep: what waits never starts, what runs is ended"
    details = (
        "Cases that run get TERM, and KILL 5 s later. What succeeded stays so, and sweep resume "
        "runs the rest. A sweep that has ended is left as it is."
    )
    examples = (("outrig sweep cancel", "the newest sweep"),)
    arguments = (SWEEPS_ARGUMENT,)

    def handle(self) -> int:
        """End what was named."""
        for sweep in asked_sweeps(self):
            if sweep.state.ended:
                self.note(f"{sweep.name} has ended already: {sweep.state.value}")
                continue
            driver = self.outrig.sweeps.driver(sweep)
            try:
                ended = cancel_sweep(self.outrig, driver, sweep)
            finally:
                driver.close()
            going = "" if ended.state.ended else " (it is ending)"
            self.note(f"{ended.name} is {ended.state.value}{going}")
            self.outrig.sweeps.tend()
        return 0
