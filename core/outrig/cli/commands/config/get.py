"""`outrig config get`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import argument
from outrig.config.user import own_keys
from outrig.plugins import Hooks
from outrig.plugins.configuration import Configuration

if TYPE_CHECKING:
    from collections.abc import Iterable


class ConfigGet(Command):
    """Print the value that counts for a key."""

    summary = "Print the value of a key"
    details = "The value that counts now: from a variable, the file, or the default."
    examples = (("outrig config get provider", "the default provider"),)
    arguments = (argument("key", "store, providers.aws.region, …"),)

    def complete(self, name: str, prefix: str) -> Iterable[str]:
        """Return Outrig's own keys."""
        return [one for one in own_keys() if name == "key" and one.startswith(prefix)]

    def handle(self) -> int:
        """Print it."""
        self.line(Configuration(Hooks()).get(self.word("key") or ""))
        return 0
