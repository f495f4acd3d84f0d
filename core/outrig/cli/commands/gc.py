"""`outrig gc`"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.listing import Column
from outrig.cli.running import TerminalObserver, interruptible
from outrig.cli.terminal import is_terminal
from outrig.errors import RemoteError, UsageError

if TYPE_CHECKING:
    from outrig.session.upkeep import Orphan

COLUMNS: tuple[Column[Orphan], ...] = (
    Column("kind", lambda one: one.kind),
    Column("id", lambda one: one.id),
    Column("node", lambda one: one.node),
    Column("reason", lambda one: one.reason),
)


class Gc(Command):
    """Find and remove what nothing uses any more."""

    summary = "Remove what nothing uses: sessions whose start died, old work, environments"
    details = (
        "Lists what it found, asks, and removes it: sessions whose start died, directories of "
        "sessions that are not recorded, sessions that were to be terminated when idle or over "
        "age, environments that no session uses, and what killed removals left. Without a terminal "
        "it needs --yes. Snapshots are left alone: see outrig snapshot delete."
    )
    examples = (
        ("outrig gc --dry-run", "only show what would be removed"),
        ("outrig gc --yes", "remove it without asking"),
    )
    options = (option("dry-run", None, "only show what would be removed"),)
    lists = True

    def handle(self) -> int:
        """Find, ask, remove."""
        self.outrig.watch(TerminalObserver(self))
        with interruptible(self.outrig):
            orphans = self.outrig.find_orphans()
            self.listing(orphans, COLUMNS, empty="nothing to remove")
            if not orphans or self.flag("dry-run"):
                return 0
            if not self._agreed(len(orphans)):
                return 1
            left = [one for one in self.outrig.remove_orphans(orphans) if one[1] is not None]
        for orphan, reason in left:
            self.warn(f"{orphan.kind} {orphan.id} is still there: {reason}")
        self.note(f"removed {len(orphans) - len(left)} of {len(orphans)}")
        if left:
            raise RemoteError(f"{len(left)} could not be removed", hint="try again: outrig gc")
        return 0

    def _agreed(self, count: int) -> bool:
        if self.confirm(f"Remove these {count}?", assume_without_terminal=False):
            return True
        if is_terminal(sys.stdin):
            return False
        raise UsageError("gc asks before it removes, and there is no terminal", hint="use --yes")
