"""`bai apps`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Column, Command, argument, interruptible, option
from outrig_backendai.compute.sessions import Compute
from outrig_backendai.services.catalogue import find_service, services_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrig_backendai.services.catalogue import Service

COLUMNS: tuple[Column[Service], ...] = (
    Column("app", lambda one: one.name, title="App"),
    Column("protocol", lambda one: one.protocol, title="Protocol"),
    Column("ports", lambda one: ", ".join(map(str, one.ports)), title="Ports"),
    Column("arguments", lambda one: _told(one.arguments), title="Arguments (--arg)"),
    Column("environ", lambda one: _told(one.variables), title="Environment (-e)"),
)


def _told(pairs: Iterable[tuple[str, str]]) -> str:
    return "; ".join(f"{name}: {what}" for name, what in pairs)


class BaiApps(Command):
    """List the services of a session."""

    summary = "List the services of a session, and what they take when they start"
    examples = (
        ("bai apps mysession", "all there are"),
        ("bai apps -l mysession", "their names"),
        ("bai apps mysession jupyter", "what --arg and -e of `bai app` may say"),
    )
    arguments = (
        argument("name", "the session, by id or name"),
        argument("app", "only these", required=False, repeat=True),
    )
    options = (option("list-names", "l", "print names only"),)
    lists = True

    def handle(self) -> int:
        """Print the list."""
        compute = Compute(self.outrig)
        with interruptible(self.outrig):
            session = compute.find(self.word("name") or "")
        names = self.argument_words("app")
        found = [find_service(session, one) for one in names] or list(services_of(session))
        if self.flag("list-names"):
            for one in found:
                self.line(one.name)
            return 0
        self.listing(found, COLUMNS, empty="no services")
        return 0
