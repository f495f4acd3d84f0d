"""`outrig snapshot delete`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.any_style import snapshot_label
from outrig.cli.command import Command
from outrig.cli.definition import argument
from outrig.cli.snapshot_listing import STORE_OPTION, engine_with_store, snapshot_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrig.model.snapshot import SnapshotInfo


class SnapshotDelete(Command):
    """Delete snapshots by name or id."""

    summary = "Delete snapshots"
    details = (
        "A name stands for all snapshots of that name; an id, or its first six characters or "
        "more, for one. The space is given back by: outrig snapshot prune"
    )
    examples = (("outrig snapshot delete old-1 old-2", "all snapshots of these names"),)
    arguments = (argument("snapshot", "names or ids", repeat=True),)
    options = (STORE_OPTION,)

    def complete(self, _name: str, prefix: str) -> Iterable[str]:
        """Complete the snapshots' names."""
        return snapshot_names(self, prefix)

    def handle(self) -> int:
        """Ask on a terminal, and delete."""
        engine_with_store(self)
        found = {
            one.id: one for name in self.argument_words("snapshot") for one in self._named(name)
        }
        listed = "\n".join(
            f"  {snapshot_label(one.name, one.created_at)}" for one in found.values()
        )
        if not self.confirm(f"Delete snapshots?\n{listed}\n", assume_without_terminal=True):
            self.note("nothing was deleted")
            return 0
        report = self.outrig.snapshots.delete(list(found))
        for snapshot_id in report.deleted:
            self.note(f"deleted {found[snapshot_id].name} ({snapshot_id})")
        return 0

    def _named(self, name: str) -> tuple[SnapshotInfo, ...]:
        library = self.outrig.snapshots
        named = library.list(self.outrig.here(), name=name)
        return named or (library.of_id(name) or library.resolve(self.outrig.here(), name),)
