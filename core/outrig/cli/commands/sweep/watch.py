"""`outrig sweep watch`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.cli.running import TerminalObserver, interruptible
from outrig.cli.sweep_listing import SWEEP_ARGUMENT, asked_sweep
from outrig.cli.sweep_view import view_for
from outrig.cli.sweeping import follow_sweep


class SweepWatch(Command):
    """Come back to a sweep."""

    summary = "Follow a sweep until it ends, and work on it if nobody else does"
    details = (
        "Shows what session start shows: a live table on a terminal, prefixed lines elsewhere, "
        "with --quiet nothing. The exit code is that of the cases, 1 when they differ. Ctrl-C "
        "leaves the sweep running, a second one within 2 s cancels it."
    )
    examples = (("outrig sweep watch", "the newest sweep"),)
    arguments = (SWEEP_ARGUMENT,)
    runs_commands = True

    def handle(self) -> int:
        """Follow it."""
        observer = TerminalObserver(self)
        self.outrig.watch(observer)
        driver = self.outrig.sweeps.driver(asked_sweep(self))
        try:
            with interruptible(self.outrig):
                return follow_sweep(self, driver, view_for(self, observer))
        finally:
            driver.close()
            observer.finish()
