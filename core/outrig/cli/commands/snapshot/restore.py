"""`outrig snapshot restore`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import argument, option
from outrig.cli.listing import size
from outrig.cli.running import TerminalObserver, interruptible
from outrig.cli.snapshot_listing import (
    SNAPSHOT_ARGUMENT,
    STORE_OPTION,
    asked_snapshot,
    snapshot_names,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


class SnapshotRestore(Command):
    """Write a snapshot's files into a directory."""

    summary = "Write a snapshot's files into a directory"
    details = (
        "The directory is made if it is not there. Files that are there and differ are a conflict "
        "unless --overwrite is given; all others are left alone. Nothing is ever written outside "
        "of the directory. Output files from outside the project stand in .outrig/outputs."
    )
    examples = (
        ("outrig snapshot restore v1 /tmp/v1", "a copy of the project as it was"),
        ("outrig snapshot restore v1 . --overwrite", "back to how it was, here"),
    )
    arguments = (SNAPSHOT_ARGUMENT, argument("directory", "where to"))
    options = (
        option("overwrite", None, "replace files that are there and differ"),
        option("outside-links", None, "restore links that point out of the directory, too"),
        STORE_OPTION,
    )

    def complete(self, name: str, prefix: str) -> Iterable[str]:
        """Complete the snapshot's name."""
        return snapshot_names(self, prefix) if name == "snapshot" else ()

    def handle(self) -> int:
        """Restore, and say what was written."""
        outrig = self.outrig
        info = asked_snapshot(self)
        directory = Path(self.word("directory") or ".")
        observer = TerminalObserver(self)
        outrig.watch(observer)
        with interruptible(outrig):
            try:
                report = outrig.snapshots.restore(
                    info,
                    directory,
                    overwrite=self.flag("overwrite"),
                    outside_links=self.flag("outside-links"),
                )
            finally:
                observer.finish()
        kept = f", {report.kept} were right already" if report.kept else ""
        self.note(
            f"restored {info.name} into {directory}:"
            f" {report.files} files, {size(report.size_bytes)}{kept}"
        )
        for path in report.outside_links:
            self.warn(f"the link {path} points out of the directory")
        return 0
