"""`outrig snapshot diff`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import argument
from outrig.cli.listing import Column
from outrig.cli.snapshot_listing import STORE_OPTION, asked_snapshot, snapshot_names
from outrig.snapshot.diff import Change, diff
from outrig.snapshot.textdiff import names_file, text_diff

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS: tuple[Column[Change], ...] = (
    Column("change", lambda one: one.kind),
    Column("path", lambda one: one.path),
    Column("old_size", lambda one: None if one.old is None else one.old.size_bytes, unit="bytes"),
    Column("new_size", lambda one: None if one.new is None else one.new.size_bytes, unit="bytes"),
)


class SnapshotDiff(Command):
    """Say which files differ between two snapshots."""

    summary = "Say which files differ between two snapshots"
    details = (
        "Files are added, removed, changed, of another type, or only executable or not (mode). "
        "Times do not count. Of a single file it is shown which lines differ, unless --output or "
        "--format asks for the list."
    )
    examples = (
        ("outrig snapshot diff v1 v2", "all that differs"),
        ("outrig snapshot diff v1 v2 src", "what differs below src"),
        ("outrig snapshot diff v1 v2 src/train.py", "which lines of a file differ"),
    )
    arguments = (
        argument("old", "a snapshot's name or id"),
        argument("new", "another's"),
        argument("path", "look only at this file or directory", required=False),
    )
    options = (STORE_OPTION,)
    lists = True

    def complete(self, name: str, prefix: str) -> Iterable[str]:
        """Complete the snapshots' names."""
        return () if name == "path" else snapshot_names(self, prefix)

    def handle(self) -> int:
        """Print the changes."""
        first, second = asked_snapshot(self, "old"), asked_snapshot(self, "new")
        library = self.outrig.snapshots
        old, new = library.reader(first), library.reader(second)
        path = self.word("path")
        if path and path.strip("./") and names_file(old, new, path) and not self._wants_list():
            self._text(text_diff(old, new, path))
            return 0
        self.listing(diff(old, new, path), COLUMNS, empty="no difference")
        return 0

    def _wants_list(self) -> bool:
        return self.was_given("format") or self.output != "table" or self.was_given("output")

    def _text(self, lines: Iterable[str]) -> None:
        empty = True
        for line in lines:
            empty = False
            self.line(line)
        if empty:
            self.note("no difference")
