"""`outrig store show`"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import argument, option
from outrig.cli.listing import size
from outrig.cli.store_listing import shown_settings, store_names, used_store
from outrig.config.stores import store_place

if TYPE_CHECKING:
    from collections.abc import Iterable


class StoreShow(Command):
    """Show a store: where it is, its settings, how much is in it."""

    summary = "Show where a store is, its settings, and how much is in it"
    details = (
        "What is in it is told by listing it: one request for each 1000 objects, of which there is "
        "one for each snapshot and each 16 to 64 MiB of content."
    )
    examples = (
        ("outrig store show", "the one that is used here"),
        ("outrig store show backup --settings", "without asking the store itself"),
    )
    arguments = (argument("name", "a name or URL (default: the one used here)", required=False),)
    options = (
        option("settings", None, "show what is configured, and do not ask the store"),
        option("json", None, "print it as JSON"),
    )

    def complete(self, _name: str, prefix: str) -> Iterable[str]:
        """Complete the stores' names."""
        return store_names(prefix)

    def handle(self) -> int:
        """Print what is known of it."""
        asked = self.word("name")
        place = store_place(asked) if asked else used_store(self)
        fields: dict[str, object] = {"name": place.name, "url": place.url}
        settings = shown_settings(self, place)
        if not self.flag("settings"):
            found = self.outrig.snapshots.at(asked or place.label).statistics()
            fields |= {
                "snapshots": found.snapshots,
                "packs": found.packs,
                "size_bytes": found.size_bytes,
            }
        if self.flag("json"):
            self.write(json.dumps({**fields, "settings": settings}) + "\n")
            return 0
        if "size_bytes" in fields:
            fields["size"] = size(int(str(fields.pop("size_bytes"))))
        for name, value in {**fields, **settings}.items():
            if value is not None:
                self.line(f"{name + ':':<17} {value}")
        return 0
