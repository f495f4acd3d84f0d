"""`outrig provider add`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import argument, option
from outrig.cli.provider_options import provider_fields, provider_names, provider_options
from outrig.errors import UsageError
from outrig.plugins.configuration import Configuration

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrig.cli.definition import Option

HOSTS = "hosts"


class ProviderAdd(Command):
    """Set up a provider."""

    summary = "Set up a provider: write its settings into the configuration"
    details = (
        "Each setting of the provider is an option: see outrig provider add NAME --help. Words "
        "after the name are the hosts of a provider that has some; they replace those set up "
        "before. "
        "Nothing is connected to: outrig doctor does."
    )
    examples = (
        ("outrig provider add ssh gpu1 ann@gpu2:2222 --default", "two machines, from now on used"),
        ("outrig provider add ssh --ssh-user ann", "the login name of hosts that have none"),
    )
    arguments = (
        argument("name", "the provider's name, as ssh"),
        argument("host", "a host: name, user@host:port, [::1]:22", required=False, repeat=True),
    )
    options = (option("default", None, "run sessions there from now on"),)

    def extend(self, words: Sequence[str]) -> Iterable[Option]:
        """Add the settings of the provider that is named."""
        leading = self.leading(words)
        return tuple(provider_options(self, leading[0])) if leading else ()

    def complete(self, name: str, prefix: str) -> Iterable[str]:
        """Complete the providers' names."""
        return provider_names(self, prefix) if name == "name" else ()

    def handle(self) -> int:
        """Write it."""
        name = self.word("name") or ""
        configuration = Configuration(self.outrig.runtime.hooks)
        for key, text in self._given(name).items():
            configuration.set(key, text)
        if self.flag("default"):
            configuration.set("provider", name)
        self.note(f"set up {name} in {configuration.path}; to try it: outrig doctor")
        return 0

    def _given(self, name: str) -> dict[str, str]:
        fields = {one.name: one for one in provider_fields(self, name)}
        hosts = self.argument_words("host")
        if hosts and HOSTS not in fields:
            raise UsageError(f"provider {name} has no hosts")
        given = {
            one.key: str(self.text(one.flag)) for one in fields.values() if self.was_given(one.flag)
        }
        return given | ({fields[HOSTS].key: ",".join(hosts)} if hosts else {})
