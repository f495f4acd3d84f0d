"""`outrig snapshot ls`"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import argument, option
from outrig.cli.listing import Column
from outrig.cli.snapshot_listing import (
    SNAPSHOT_ARGUMENT,
    STORE_OPTION,
    asked_snapshot,
    kind_letter,
    snapshot_names,
)
from outrig.model.snapshot import Entry, EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterable

_NS = 1_000_000_000


def _path(entry: Entry) -> str:
    if entry.kind is EntryKind.SYMLINK:
        return f"{entry.path} -> {entry.target}"
    return entry.path + ("/" if entry.kind is EntryKind.DIRECTORY else "")


COLUMNS: tuple[Column[Entry], ...] = (
    Column("kind", kind_letter, title=" "),
    Column(
        "size",
        lambda one: one.size_bytes if one.kind is EntryKind.FILE else None,
        unit="bytes",
    ),
    Column("modified", lambda one: datetime.fromtimestamp(one.mtime_ns // _NS, UTC)),
    Column("path", _path),
    Column("output", lambda one: one.output, shown=False),
    Column("target", lambda one: one.target, shown=False),
)


class SnapshotLs(Command):
    """List the files of a snapshot."""

    summary = "List the files of a snapshot"
    examples = (
        ("outrig snapshot ls v1 src", "what is in the directory src"),
        ("outrig snapshot ls v1 -r --output plain", "everything, for scripts"),
    )
    arguments = (
        SNAPSHOT_ARGUMENT,
        argument("path", "a directory or file in it (default: the top)", required=False),
    )
    options = (option("recursive", "r", "list what is below directories, too"), STORE_OPTION)
    lists = True

    def complete(self, name: str, prefix: str) -> Iterable[str]:
        """Complete the snapshot's name."""
        return snapshot_names(self, prefix) if name == "snapshot" else ()

    def handle(self) -> int:
        """Print the entries."""
        from outrig.snapshot.tree import list_entries

        info = asked_snapshot(self)
        reader = self.outrig.snapshots.reader(info)
        found = list_entries(reader, self.word("path") or "", recursive=self.flag("recursive"))
        self.listing(found, COLUMNS, empty="nothing is in it")
        return 0
