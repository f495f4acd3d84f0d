"""Which nodes are asked what they keep: those of sessions, and those the configuration names."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from outrig.errors import OutrigError
from outrig.interfaces import OwnsResources, WithUpkeep
from outrig.model.node import NodeQuery
from outrig.session.outside import inventory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrig.model.node import Kept, Node
    from outrig.model.session import Session
    from outrig.session.runtime import Runtime

    Keeping = tuple[WithUpkeep, Node]

MOST_OF_ENDED = 64
"""So many nodes that only ended sessions were on are asked, those used last."""
AT_ONCE = 8


def known_nodes(runtime: Runtime) -> list[Keeping]:
    """Return every node that may keep something of ours, with the provider that reaches it.

    Each once, whatever settings it was reached with; those of live sessions with all of theirs.
    """
    sessions = runtime.state.sessions.select(ended=True)
    live = [one for one in sessions if not one.state.ended]
    found = {
        (str(id(provider)), node.id): (provider, node)
        for session in live
        for provider, node in _of_session(runtime, session)
    }
    names = {(session.provider, node.id) for session in live for node in session.nodes}
    for name, keeping in _configured(runtime):
        if (name, keeping[1].id) not in names:
            names.add((name, keeping[1].id))
            found[name, keeping[1].id] = keeping
    most = len(found) + MOST_OF_ENDED
    for session in sessions:
        new = {(session.provider, node.id) for node in session.nodes} - names
        if new and len(found) < most:
            names |= new
            found |= {
                (session.provider, node.id): (provider, node)
                for provider, node in _of_session(runtime, session)
                if (session.provider, node.id) in new
            }
    return [*found.values()]


def kept_on(runtime: Runtime, nodes: Sequence[Keeping]) -> list[tuple[Keeping, Kept]]:
    """Ask nodes, several at once, what they keep; one that cannot be asked is told in a line."""

    def ask(keeping: Keeping) -> Kept | OutrigError:
        provider, node = keeping
        try:
            return provider.kept(node)
        except OutrigError as err:
            return err

    with ThreadPoolExecutor(AT_ONCE, "outrig-ask") as pool:
        answers = list(zip(nodes, pool.map(ask, nodes), strict=True))
    for _, answer in answers:
        if isinstance(answer, OutrigError):
            runtime.observer.notice(f"could not be asked: {answer}")
    return [(one, kept) for one, kept in answers if not isinstance(kept, OutrigError)]


def _of_session(runtime: Runtime, session: Session) -> list[Keeping]:
    """Return a session's nodes, if its provider keeps nothing else and can still be used."""
    with suppress(OutrigError):
        provider = runtime.provider(session) if session.nodes else None
        if isinstance(provider, WithUpkeep) and not isinstance(provider, OwnsResources):
            return [(provider, node) for node in session.nodes]
    return []


def configured_providers() -> list[str]:
    """Return the names of the providers that the configuration has settings for."""
    from outrig.config.file import read_config

    parts = [section.partition(".") for section in read_config().sections]
    return [name for kind, _, name in parts if kind == "providers"]


def _configured(runtime: Runtime) -> Iterator[tuple[str, Keeping]]:
    """Yield the nodes that the configuration's providers have, with the provider's name."""
    for name in configured_providers():
        with suppress(OutrigError):
            provider = runtime.hooks.provider(name)
            if isinstance(provider, WithUpkeep) and not isinstance(provider, OwnsResources):
                nodes = inventory(runtime, name, NodeQuery(), {}).nodes
                yield from ((name, (provider, node)) for node in nodes)
