"""`outrig store list`"""

from __future__ import annotations

from dataclasses import dataclass

from outrig.cli.command import Command
from outrig.cli.listing import Column
from outrig.cli.store_listing import used_store
from outrig.config.stores import named_stores


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    name: str | None
    url: str
    used: bool


COLUMNS: tuple[Column[_Row], ...] = (
    Column("used", lambda one: one.used, shown=False),
    Column("default", lambda one: "*" if one.used else "", title=" "),
    Column("name", lambda one: one.name),
    Column("url", lambda one: one.url),
)


class StoreList(Command):
    """List the stores that have names, and the one that is used here."""

    summary = "List the stores that have names, and the one that is used here"
    details = "The one that snapshots are kept in, here, is marked with an asterisk."
    examples = (("outrig store list", "names and URLs"),)
    lists = True

    def handle(self) -> int:
        """Print the list."""
        used = used_store(self)
        rows = [
            _Row(name=one.name, url=one.url, used=one.name == used.name and one.url == used.url)
            for one in named_stores()
        ]
        if not any(one.used for one in rows):
            rows.insert(0, _Row(name=used.name, url=used.url, used=True))
        self.listing(rows, COLUMNS)
        return 0
