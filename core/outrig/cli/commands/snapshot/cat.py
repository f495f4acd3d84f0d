"""`outrig snapshot cat`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import argument
from outrig.cli.snapshot_listing import (
    SNAPSHOT_ARGUMENT,
    STORE_OPTION,
    asked_snapshot,
    snapshot_names,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


class SnapshotCat(Command):
    """Print files of a snapshot."""

    summary = "Print files of a snapshot"
    examples = (("outrig snapshot cat v1 train.py", "the file as it was"),)
    arguments = (
        SNAPSHOT_ARGUMENT,
        argument("path", "files in it", repeat=True),
    )
    options = (STORE_OPTION,)

    def complete(self, name: str, prefix: str) -> Iterable[str]:
        """Complete the snapshot's name."""
        return snapshot_names(self, prefix) if name == "snapshot" else ()

    def handle(self) -> int:
        """Write the files' content, byte for byte."""
        from outrig.snapshot.tree import read_file

        info = asked_snapshot(self)
        reader = self.outrig.snapshots.reader(info)
        for path in self.argument_words("path"):
            for data in read_file(reader, path):
                self.write(data)
        return 0
