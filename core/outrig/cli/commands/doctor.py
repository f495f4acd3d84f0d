"""`outrig doctor`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.listing import Column
from outrig.doctor import Check, Status, checks, store_checks

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS: tuple[Column[Check], ...] = (
    Column("status", lambda one: one.status),
    Column("check", lambda one: one.name),
    Column("found", lambda one: one.found),
)


class Doctor(Command):
    """Look at this computer: what Outrig can use, and what keeps it from working."""

    summary = "Tell what Outrig finds on this computer, and what is wrong"
    details = (
        "Looks at Python, directories, programs, the configuration, plugins and providers. The "
        "exit code is 1 when there is a problem; a note only limits what can be done. With --store "
        "it tries instead what a snapshot store can do: it writes an object of 1 MiB there, and "
        "removes it."
    )
    examples = (
        ("outrig doctor", "before the first project, or when something is odd"),
        ("outrig doctor --store s3://bucket/prefix", "before the first snapshot there"),
    )
    options = (option("store", "s", "try this store, and look at nothing else", value="NAME|URL"),)
    lists = True

    def complete(self, _name: str, prefix: str) -> Iterable[str]:
        """Complete the stores' names."""
        from outrig.cli.store_listing import store_names

        return store_names(prefix)

    def handle(self) -> int:
        """Print what was found."""
        store = self.text("store")
        if store is None:
            found = list(checks())
        else:
            library = self.outrig.snapshots.at(store)
            found = list(store_checks(library.objects, library.place.label))
        self.listing(found, COLUMNS)
        return int(any(one.status is Status.PROBLEM for one in found))
