"""`outrig provider show`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import argument
from outrig.cli.listing import Column
from outrig.cli.provider_options import provider_names
from outrig.plugins.configuration import Configuration, KeyState
from outrig.plugins.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS: tuple[Column[KeyState], ...] = (
    Column("setting", lambda one: one.key.rpartition(".")[2]),
    Column("value", lambda one: one.value),
    Column("origin", lambda one: one.origin),
    Column("help", lambda one: one.help, shown=False),
)


class ProviderShow(Command):
    """Show a provider's settings."""

    summary = "Show a provider's settings and where each comes from"
    details = "Secrets are hidden. What a project file says is not among them."
    examples = (("outrig provider show ssh", "hosts, login name and so on"),)
    arguments = (argument("name", "the provider"),)
    lists = True

    def complete(self, _name: str, prefix: str) -> Iterable[str]:
        """Complete the providers' names."""
        return provider_names(self, prefix)

    def handle(self) -> int:
        """Print them."""
        section = f"{Kind.PROVIDER.section}.{self.word('name')}"
        states = Configuration(self.outrig.runtime.hooks).states(section)
        self.listing(states, COLUMNS, empty="it has no settings")
        return 0
