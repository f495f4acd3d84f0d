"""`outrig provider list`"""

from __future__ import annotations

from dataclasses import dataclass

from outrig.cli.command import Command
from outrig.cli.listing import Column
from outrig.config.file import read_config
from outrig.config.user import user_settings
from outrig.plugins.kinds import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    name: str
    used: bool
    settings: int
    distribution: str


COLUMNS: tuple[Column[_Row], ...] = (
    Column("used", lambda one: one.used, shown=False),
    Column("default", lambda one: "*" if one.used else "", title=" "),
    Column("name", lambda one: one.name),
    Column("settings", lambda one: one.settings),
    Column("distribution", lambda one: one.distribution),
)


class ProviderList(Command):
    """List the providers that are installed."""

    summary = "List the providers that are installed, and the one that is used"
    details = "The one that sessions run on unless asked otherwise is marked with an asterisk."
    examples = (("outrig provider list", "names, and how many settings each has been given"),)
    lists = True

    def handle(self) -> int:
        """Print the list."""
        config = read_config()
        used = user_settings(config).provider
        rows = [
            _Row(
                name=entry.name,
                used=entry.name == used,
                settings=len(config.section(f"{Kind.PROVIDER.section}.{entry.name}")),
                distribution=entry.distribution,
            )
            for entry in self.outrig.runtime.hooks.catalogue.entries(Kind.PROVIDER)
        ]
        self.listing(rows, COLUMNS)
        return 0
