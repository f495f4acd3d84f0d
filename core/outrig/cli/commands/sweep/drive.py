"""`outrig sweep drive`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.cli.running import TerminalObserver, interruptible
from outrig.cli.sweep_listing import SWEEPS_ARGUMENT, asked_sweeps


class SweepDrive(Command):
    """Work on sweeps until they end, showing nothing of them."""

    summary = "Work on sweeps until they end, without showing them"
    details = (
        "What runs in the background for sweeps whose client is gone: it starts what waits, runs "
        "again what failed, brings outputs back, and ends when nothing is left to do. Without a "
        "name it works on every sweep that nobody else works on. Any number may be started."
    )
    examples = (("outrig sweep drive", "go on with all sweeps"),)
    arguments = (SWEEPS_ARGUMENT,)

    def handle(self) -> int:
        """Work on them."""
        outrig = self.outrig
        observer = TerminalObserver(self)
        outrig.watch(observer)
        names = self.argument_words("sweep")
        with interruptible(outrig):
            if not names:
                outrig.sweeps.supervise()
            for sweep in asked_sweeps(self) if names else ():
                outrig.sweeps.drive(sweep)
        observer.finish()
        return 0
