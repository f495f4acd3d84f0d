"""`outrig config set`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import argument
from outrig.config.user import own_keys
from outrig.plugins import Hooks
from outrig.plugins.configuration import Configuration

if TYPE_CHECKING:
    from collections.abc import Iterable


class ConfigSet(Command):
    """Set a key in the configuration file."""

    summary = "Set a key in the configuration file"
    details = (
        "The value is checked first; the rest of the file stays as it is. The file is readable by "
        "you alone."
    )
    examples = (
        ("outrig config set output json", "print listings as JSON"),
        ("outrig config set providers.local.slots 4", "a plugin's setting"),
    )
    arguments = (
        argument("key", "store, providers.aws.region, …"),
        argument("value", "the value; a list has commas"),
    )

    def complete(self, name: str, prefix: str) -> Iterable[str]:
        """Return Outrig's own keys."""
        return [one for one in own_keys() if name == "key" and one.startswith(prefix)]

    def handle(self) -> int:
        """Write it."""
        configuration = Configuration(Hooks())
        configuration.set(self.word("key") or "", self.word("value") or "")
        self.note(f"set {self.word('key')} in {configuration.path}")
        return 0
