"""`outrig config show`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.cli.definition import argument
from outrig.cli.listing import Column
from outrig.plugins import Hooks
from outrig.plugins.configuration import Configuration, KeyState

COLUMNS: tuple[Column[KeyState], ...] = (
    Column("key", lambda one: one.key),
    Column("value", lambda one: one.value),
    Column("origin", lambda one: one.origin),
    Column("help", lambda one: one.help, shown=False),
)


class ConfigShow(Command):
    """Show the configuration, and where each value comes from."""

    summary = "Show every key, its value and where that comes from"
    details = (
        "Keys of plugins are shown where the file sets them; with a section all keys of that "
        "plugin. Secrets are never shown."
    )
    examples = (
        ("outrig config show", "what counts now"),
        ("outrig config show providers.local", "all settings of one plugin"),
    )
    arguments = (argument("section", "a plugin's section: providers.local", required=False),)
    lists = True

    def handle(self) -> int:
        """Print the keys."""
        self.listing(Configuration(Hooks()).states(self.word("section")), COLUMNS)
        return 0
