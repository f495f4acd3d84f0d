"""`outrig doctor`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.listing import Column
from outrig.doctor import Check, Status, checks, provider_checks, store_checks

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
        "removes it. With --provider it looks at that provider alone, and thoroughly."
    )
    examples = (
        ("outrig doctor", "before the first project, or when something is odd"),
        ("outrig doctor --provider aws", "credentials, permissions, quotas and network"),
        ("outrig doctor --store s3://bucket/prefix", "before the first snapshot there"),
    )
    options = (
        option("store", "s", "try this store, and look at nothing else", value="NAME|URL"),
        option("provider", None, "look at this provider, and at nothing else", value="NAME"),
    )
    lists = True

    def complete(self, _name: str, prefix: str) -> Iterable[str]:
        """Complete the stores' names."""
        from outrig.cli.store_listing import store_names

        return store_names(prefix)

    def handle(self) -> int:
        """Print what was found."""
        store, provider = self.text("store"), self.text("provider")
        if provider is not None:
            found = list(provider_checks(self.outrig.runtime.hooks, provider))
        elif store is None:
            found = list(checks())
        else:
            library = self.outrig.snapshots.at(store)
            found = list(store_checks(library.objects, library.place.label))
        self.listing(found, COLUMNS)
        return int(any(one.status is Status.PROBLEM for one in found))
