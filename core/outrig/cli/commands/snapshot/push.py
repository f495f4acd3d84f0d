"""`outrig snapshot push`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.copying import copied
from outrig.cli.definition import argument
from outrig.cli.snapshot_listing import (
    SNAPSHOT_ARGUMENT,
    STORE_OPTION,
    asked_snapshot,
    snapshot_names,
)
from outrig.cli.store_listing import store_names

if TYPE_CHECKING:
    from collections.abc import Iterable


class SnapshotPush(Command):
    """Copy a snapshot into another store."""

    summary = "Copy a snapshot into another store"
    details = (
        "The copy has the same id, name and digest. Only what the other store does not have yet is "
        "sent. A push that was cut short goes on where it was when it is run again."
    )
    examples = (
        ("outrig snapshot push v1 backup", "into the store called backup"),
        ("outrig snapshot push v1 s3://bucket/prefix", "into the store at a URL"),
    )
    arguments = (SNAPSHOT_ARGUMENT, argument("to", "the other store: a name or URL"))
    options = (STORE_OPTION,)

    def complete(self, name: str, prefix: str) -> Iterable[str]:
        """Complete the snapshot's and the stores' names."""
        return snapshot_names(self, prefix) if name == "snapshot" else store_names(prefix)

    def handle(self) -> int:
        """Copy, and say what was sent."""
        info = asked_snapshot(self)
        here = self.outrig.snapshots
        target = here.at(self.word("to") or "")
        stored = copied(self, info, here, target)
        self.note(f"pushed {info.name} ({info.id}) to {target.place.label}: {stored}")
        return 0
