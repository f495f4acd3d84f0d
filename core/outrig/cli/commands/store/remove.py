"""`outrig store remove`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import argument
from outrig.cli.store_listing import store_names
from outrig.config.stores import remove_store, store_place
from outrig.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable


class StoreRemove(Command):
    """Forget a store's name; what is in the store stays."""

    summary = "Forget a store's name and settings; what is in it stays"
    details = "Nothing in the store itself is touched."
    examples = (("outrig store remove backup --yes", "without asking"),)
    arguments = (argument("name", "the store"),)

    def complete(self, _name: str, prefix: str) -> Iterable[str]:
        """Complete the stores' names."""
        return store_names(prefix)

    def handle(self) -> int:
        """Ask, and take it out of the configuration."""
        name = self.word("name") or ""
        place = store_place(name)
        if not self.confirm(f"Forget {name} ({place.url})?", assume_without_terminal=False):
            raise UsageError("nothing was removed: it was not confirmed", hint="give --yes")
        removed = remove_store(name)
        self.note(f"removed {removed.name}; what is in {removed.url} stays")
        return 0
