"""`outrig snapshot prune`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.amounts import counted
from outrig.cli.any_style import snapshot_label
from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.listing import size
from outrig.cli.running import TerminalObserver, interruptible
from outrig.cli.snapshot_listing import STORE_OPTION, engine_with_store
from outrig.durations import parse_duration_s
from outrig.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrig.model.snapshot import SnapshotInfo
    from outrig.snapshot.prune import PruneReport
    from outrig.snapshot.retention import Retention


class SnapshotPrune(Command):
    """Delete old snapshots, and give back the space of what no snapshot uses."""

    summary = "Delete old snapshots by a rule, and give back the space of what none uses"
    details = (
        "With --keep-last or --keep-within, snapshots of this project (outside of projects: of "
        "each project) are deleted first that neither keeps; what a session rests on is always "
        "kept. What no snapshot uses is marked, and deleted by a prune that runs 24 hours later or "
        "more, so that snapshots being made or copied meanwhile are safe."
    )
    examples = (
        ("outrig snapshot prune --yes", "from a timer"),
        ("outrig snapshot prune --keep-last 10 --keep-within 30d", "keep those, delete the others"),
        ("outrig snapshot prune --keep-within 90d --all-projects --dry-run", "only show them"),
    )
    options = (
        option("keep-last", None, "keep the newest N of a project", value="N", type=int),
        option("keep-within", None, "keep what is younger: 12h, 30d", value="TIME"),
        option("all-projects", None, "apply the rule to every project"),
        option("dry-run", None, "only show which snapshots would be deleted"),
        STORE_OPTION,
    )

    def handle(self) -> int:
        """Ask, delete, and prune."""
        outrig = engine_with_store(self)
        project = None if self.flag("all-projects") else outrig.here()
        doomed = outrig.snapshots.superfluous(project, self._rule())
        if self.flag("dry-run"):
            self._list(doomed)
            self.note(f"{counted(len(doomed), 'snapshot')} would be deleted")
            return 0
        self._ask(doomed)
        observer = TerminalObserver(self)
        outrig.watch(observer)
        with interruptible(outrig):
            try:
                if doomed:
                    outrig.snapshots.delete([one.id for one in doomed])
                report = outrig.snapshots.prune()
            finally:
                observer.finish()
        if doomed:
            self.line(f"deleted {counted(len(doomed), 'snapshot')}")
        self._tell(report)
        return 0

    def _rule(self) -> Retention:
        from outrig.snapshot.retention import Retention

        last = self.value("keep-last", int)
        if last is not None and last < 0:
            raise UsageError(f"--keep-last: {last} is less than nothing")
        within = self.text("keep-within")
        return Retention(last=last, within_s=None if within is None else parse_duration_s(within))

    def _ask(self, doomed: Iterable[SnapshotInfo]) -> None:
        listed = "\n".join(f"  {snapshot_label(one.name, one.created_at)}" for one in doomed)
        question = f"Delete these, and what no snapshot uses?\n{listed}\n" if listed else ""
        question = question or "Delete what no snapshot uses?"
        if not self.confirm(question, assume_without_terminal=False):
            raise UsageError("nothing was pruned: it was not confirmed", hint="give --yes")

    def _list(self, doomed: Iterable[SnapshotInfo]) -> None:
        for one in doomed:
            self.line(snapshot_label(one.name, one.created_at))

    def _tell(self, report: PruneReport) -> None:
        self.line(f"deleted {counted(report.deleted_packs, 'pack')}, {size(report.deleted_bytes)}")
        if report.doomed_packs:
            self.note(
                f"{counted(report.doomed_packs, 'pack')}, {size(report.doomed_bytes)},"
                " can be deleted by a prune in 24 hours"
            )
