"""`outrig config unset`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.cli.definition import argument
from outrig.plugins import Hooks
from outrig.plugins.configuration import Configuration


class ConfigUnset(Command):
    """Take a key out of the configuration file."""

    summary = "Take a key out of the configuration file"
    examples = (("outrig config unset store", "back to the default"),)
    arguments = (argument("key", "store, providers.aws.region, …"),)

    def handle(self) -> int:
        """Remove it."""
        configuration = Configuration(Hooks())
        key = self.word("key") or ""
        if configuration.unset(key):
            self.note(f"took {key} out of {configuration.path}")
        else:
            self.note(f"{key} is not in {configuration.path}")
        return 0
