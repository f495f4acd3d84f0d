"""`outrig snapshot prune`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.cli.listing import size
from outrig.cli.running import TerminalObserver, interruptible
from outrig.errors import UsageError


class SnapshotPrune(Command):
    """Give back the space of what no snapshot uses."""

    summary = "Give back the space of what no snapshot uses"
    details = (
        "What no snapshot uses is marked, and deleted by a prune that runs 24 hours later or "
        "more, so that snapshots being made meanwhile are safe."
    )
    examples = (("outrig snapshot prune --yes", "from a timer"),)

    def handle(self) -> int:
        """Ask, and prune."""
        outrig = self.outrig
        if not self.confirm("Delete what no snapshot uses?", assume_without_terminal=False):
            raise UsageError("nothing was pruned: it was not confirmed", hint="give --yes")
        observer = TerminalObserver(self)
        outrig.watch(observer)
        with interruptible(outrig):
            try:
                report = outrig.snapshots.prune()
            finally:
                observer.finish()
        self.line(f"deleted {report.deleted_packs} packs, {size(report.deleted_bytes)}")
        if report.doomed_packs:
            self.note(
                f"{report.doomed_packs} packs, {size(report.doomed_bytes)}, can be deleted by a"
                " prune in 24 hours"
            )
        return 0
