"""`outrig snapshot check`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.amounts import counted, size
from outrig.cli.command import Command
from outrig.cli.definition import argument
from outrig.cli.listing import Column
from outrig.cli.running import TerminalObserver, interruptible
from outrig.cli.snapshot_listing import STORE_OPTION, engine_with_store, snapshot_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrig.snapshot.check import CheckReport, Damage

DAMAGED = 7
COLUMNS: tuple[Column[Damage], ...] = (
    Column("snapshot", lambda one: None if one.snapshot is None else one.snapshot.name),
    Column("path", lambda one: one.path),
    Column("damage", lambda one: one.what),
    Column("id", lambda one: None if one.snapshot is None else one.snapshot.id, shown=False),
)


class SnapshotCheck(Command):
    """Verify every byte of snapshots."""

    summary = "Verify every byte of snapshots"
    details = (
        "Without names the whole store is verified. What is damaged is listed, with the files it "
        f"hurts, and the exit code is {DAMAGED}."
    )
    examples = (
        ("outrig snapshot check", "the whole store"),
        ("outrig snapshot check v1", "what one snapshot rests on"),
    )
    arguments = (argument("snapshot", "names or ids", required=False, repeat=True),)
    options = (STORE_OPTION,)
    lists = True

    def complete(self, _name: str, prefix: str) -> Iterable[str]:
        """Complete the snapshots' names."""
        return snapshot_names(self, prefix)

    def handle(self) -> int:
        """Verify, and print what is damaged."""
        outrig = engine_with_store(self)
        library = outrig.snapshots
        names = self.argument_words("snapshot")
        ids = [library.resolve(outrig.here(), name).id for name in names]
        observer = TerminalObserver(self)
        outrig.watch(observer)
        with interruptible(outrig):
            try:
                report = library.check(ids)
            finally:
                observer.finish()
        self._print(report)
        return DAMAGED if report.damages else 0

    def _print(self, report: CheckReport) -> None:
        if report.damages or self.output != "table":
            self.listing(report.damages, COLUMNS)
        for key in report.foreign:
            self.warn(f"not Outrig's, left alone: {key}")
        found = counted(len(report.damages), "damage") if report.damages else "no damage"
        self.note(
            f"{counted(report.snapshots, 'snapshot')}, {counted(report.packs, 'pack')},"
            f" {size(report.size_bytes)}: {found}"
        )
