"""`outrig provider remove`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import argument
from outrig.cli.provider_options import provider_names
from outrig.config.edit import unset_key
from outrig.config.file import read_config
from outrig.config.user import user_settings
from outrig.errors import NotFoundError, UsageError
from outrig.plugins.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable


class ProviderRemove(Command):
    """Forget a provider's settings."""

    summary = "Forget a provider's settings; sessions on it stay as they are"
    details = "The plugin itself stays installed. Sessions that run can still be reached and ended."
    examples = (("outrig provider remove ssh --yes", "without asking"),)
    arguments = (argument("name", "the provider"),)

    def complete(self, _name: str, prefix: str) -> Iterable[str]:
        """Complete the providers' names."""
        return provider_names(self, prefix)

    def handle(self) -> int:
        """Ask, and take them out of the configuration."""
        name, config = self.word("name") or "", read_config()
        section = f"{Kind.PROVIDER.section}.{name}"
        keys = [*config.section(section)]
        if not keys:
            raise NotFoundError(f"no settings of provider {name} are in {config.path}")
        if not self.confirm(f"Forget {', '.join(keys)} of {name}?", assume_without_terminal=False):
            raise UsageError("nothing was removed: it was not confirmed", hint="give --yes")
        for key in keys:
            unset_key(config.path, f"{section}.{key}")
        if user_settings(config).provider == name and "provider" in config.section(""):
            unset_key(config.path, "provider")
        self.note(f"forgot {', '.join(keys)} of {name}")
        return 0
