"""`outrig snapshot show`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.listing import size, utc
from outrig.cli.snapshot_listing import (
    COLUMNS,
    SNAPSHOT_ARGUMENT,
    STORE_OPTION,
    asked_snapshot,
    git_text,
    snapshot_names,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


class SnapshotShow(Command):
    """Show all that is known of a snapshot."""

    summary = "Show all that is known of a snapshot"
    examples = (("outrig snapshot show before-tuning", "when, how large, from which commit"),)
    arguments = (SNAPSHOT_ARGUMENT,)
    options = (STORE_OPTION,)
    lists = True

    def complete(self, _name: str, prefix: str) -> Iterable[str]:
        """Complete the snapshot's name."""
        return snapshot_names(self, prefix)

    def handle(self) -> int:
        """Print the snapshot's fields."""
        info = asked_snapshot(self)
        if self.output != "table" or self.text("format"):
            self.listing([info], COLUMNS)
            return 0
        fields = {
            "name": info.name,
            "id": info.id,
            "digest": info.digest,
            "created": utc(info.created_at),
            "files": info.file_count,
            "size": size(info.size_bytes),
            "description": info.description,
            "git": git_text(info.git),
            "missing outputs": ", ".join(info.missing_outputs),
        }
        for name, value in fields.items():
            if value not in (None, ""):
                self.line(f"{name + ':':<17} {value}")
        return 0
