"""`bai drive`"""

from __future__ import annotations

from outrig.api import Command, argument, interruptible
from outrig_backendai.compute.sessions import Compute


class BaiDrive(Command):
    """Work on the cases of a `run` with ranges; runs in the background."""

    summary = "Work on the cases of a run"
    hidden = True
    arguments = (argument("execution", "its id"),)

    def handle(self) -> int:
        """Work until all of them are over."""
        from outrig_backendai.execution.background import drive

        with interruptible(self.outrig):
            drive(Compute(self.outrig), self.word("execution") or "")
        return 0
