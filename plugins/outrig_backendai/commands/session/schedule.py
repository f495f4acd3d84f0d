"""`bai schedule`"""

from __future__ import annotations

from outrig.api import Command, interruptible
from outrig_backendai.compute.sessions import Compute


class BaiSchedule(Command):
    """Start the sessions that wait in the queue, until none is left; runs in the background."""

    summary = "Start the sessions that wait in the queue"
    hidden = True

    def handle(self) -> int:
        """Work until nothing waits."""
        from outrig_backendai.compute.background import schedule

        with interruptible(self.outrig):
            schedule(Compute(self.outrig))
        return 0
