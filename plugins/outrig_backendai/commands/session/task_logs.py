"""`bai task-logs`"""

from __future__ import annotations

from outrig.api import Command, argument, interruptible
from outrig_backendai.compute.sessions import Compute


class BaiTaskLogs(Command):
    """Print what a batch task printed."""

    summary = "Print what a batch task printed"
    details = "A task is known by the id of its main kernel, as `bai ps -f name,task_id` shows it."
    examples = (("bai task-logs 5f0c", "by what its id begins with"),)
    arguments = (argument("taskid", "the id of the kernel, or of its session"),)

    def handle(self) -> int:
        """Print it."""
        from outrig_backendai.commands.logging import find_task, print_logs

        compute = Compute(self.outrig)
        with interruptible(self.outrig):
            session, kernel = find_task(compute, self.word("taskid") or "")
            return print_logs(self, compute, session, kernel, wait=False)
