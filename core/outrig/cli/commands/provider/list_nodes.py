"""`outrig provider list-nodes`"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.invoking import option_value
from outrig.cli.listing import Column
from outrig.cli.provider_options import given_settings, provider_names, provider_options
from outrig.cli.running import TerminalObserver, interruptible
from outrig.config.file import read_config
from outrig.config.user import user_settings
from outrig.model.node import NodeQuery
from outrig.session.outside import inventory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrig.cli.definition import Option
    from outrig.model.node import Inventory

EVERYWHERE = ("*",)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    kind: str
    id: str
    state: str = ""
    type: str = ""
    scope: str = ""
    address: str = ""
    session: str = ""
    owner: str = ""


COLUMNS: tuple[Column[_Row], ...] = (
    Column("kind", lambda one: one.kind),
    Column("id", lambda one: one.id),
    Column("state", lambda one: one.state),
    Column("type", lambda one: one.type),
    Column("scope", lambda one: one.scope),
    Column("address", lambda one: one.address),
    Column("session", lambda one: one.session),
    Column("owner", lambda one: one.owner, shown=False),
)


class ProviderListNodes(Command):
    """List what a provider holds, as the provider itself sees it."""

    summary = "List the nodes, and all else, that a provider holds for you"
    details = (
        "Asks the provider, not the records. Only what was made from this computer's records is "
        "listed; --everybody lists what any Outrig has made in the account. What no session uses "
        "is removed by outrig gc."
    )
    examples = (
        ("outrig provider list-nodes --provider aws", "in the regions that are set up"),
        ("outrig provider list-nodes --provider aws --all-regions", "wherever the account may be"),
    )
    options = (
        option("provider", None, "the provider, by default the one that is set up", value="NAME"),
        option("all-regions", None, "ask every region there is"),
        option("everybody", None, "list what others made, too"),
    )
    lists = True

    def extend(self, words: Sequence[str]) -> Iterable[Option]:
        """Add the settings of the provider."""
        return tuple(provider_options(self, self._provider(words)))

    def complete(self, _name: str, prefix: str) -> Iterable[str]:
        """Complete the providers' names."""
        return provider_names(self, prefix)

    def handle(self) -> int:
        """Print the list."""
        name = self.text("provider") or self._provider(())
        self.outrig.watch(TerminalObserver(self))
        runtime = self.outrig.runtime
        query = NodeQuery(
            owner=None if self.flag("everybody") else runtime.state.owner,
            scopes=EVERYWHERE if self.flag("all-regions") else (),
        )
        with interruptible(self.outrig):
            found = inventory(runtime, name, query, dict(given_settings(self, name)))
        sessions = {one.id: one.name for one in runtime.state.sessions.select(ended=True)}
        self.listing(_rows(found, sessions), COLUMNS, empty="nothing")
        for scope in found.scopes_not_asked:
            self.warn(f"{name}: {scope} could not be asked")
        return 0

    def _provider(self, words: Sequence[str]) -> str:
        return option_value(words, "--provider") or user_settings(read_config()).provider


def _rows(found: Inventory, sessions: dict[str, str]) -> list[_Row]:
    rows = [
        _Row(
            kind="node",
            id=one.id,
            state=one.data.get("state", ""),
            type=one.data.get("type", ""),
            scope=one.data.get("zone", ""),
            address=one.address,
            session=_named(one.data.get("session", ""), sessions),
            owner=one.data.get("owner", ""),
        )
        for one in found.nodes
    ]
    rows += [
        _Row(kind=one.kind, id=one.id, scope=one.scope, session=_named(one.session_id, sessions))
        for one in found.resources
    ]
    return rows


def _named(session_id: str, sessions: dict[str, str]) -> str:
    return sessions.get(session_id, session_id)
