"""What providers hold for this user outside: everything carries the id of this state directory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError, OutrigError
from outrig.interfaces import OwnsResources
from outrig.model.node import Inventory, NodeQuery, Release, ResourceRef
from outrig.model.session import SessionState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outrig.model.node import Node, ReleaseReport
    from outrig.model.session import Session
    from outrig.session.context import EngineContext
    from outrig.session.runtime import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Something that nothing uses: `via` is the session through whose provider it is reached."""

    ref: ResourceRef
    via: str
    reason: str


def orphans_outside(runtime: Runtime, live: Mapping[str, Session]) -> Iterator[Outside]:
    """Yield what is outside, is ours, and belongs to no live session.

    Every provider that a recorded session was on is asked, with that session's settings, in its own
    regions and in those where anything was ever made. What a live session holds is left alone, also
    while it is starting. A region that cannot be asked is said.
    """
    seen: set[tuple[str, str, str]] = set()
    for session in _representatives(runtime):
        found = _inventory(runtime, session)
        refs = [(_ref(node), node.data.get("session", "")) for node in found.nodes]
        refs += [(ref, ref.session_id) for ref in found.resources]
        held = {node.id for one in live.values() for node in one.nodes}
        for ref, owner in refs:
            key = (session.provider, ref.kind, ref.id)
            if owner in live and not _is_stray(live[owner], ref, held):
                continue
            if key not in seen:
                seen.add(key)
                reason = "its session has other nodes" if owner in live else _why(runtime, owner)
                yield Outside(ref=ref, via=session.id, reason=reason)
        for scope in found.scopes_not_asked:
            runtime.observer.notice(f"{session.provider}: {scope} could not be asked")


def release_outside(runtime: Runtime, orphan: Outside) -> str | None:
    """Give something back; returns the reason why it is still there, `None` if it is gone."""
    session = runtime.state.sessions.get(orphan.via)
    if session is None:
        raise NotFoundError(f"there is no session {orphan.via} any more")
    context = runtime.context(session, "release")
    report = runtime.hooks.release(session.provider, (orphan.ref,), Release.TERMINATE, context)
    return report.failed[0][1] if report.failed else None


def inventory(
    runtime: Runtime, provider: str, query: NodeQuery, settings: Mapping[str, object]
) -> Inventory:
    """Return what a provider has, whoever's it is if the query does not say."""
    context = _context(runtime, provider, settings, "list-nodes")
    return runtime.hooks.list_nodes(provider, query, context)


def give_back(
    runtime: Runtime,
    provider: str,
    refs: Sequence[ResourceRef],
    how: Release,
    settings: Mapping[str, object],
) -> ReleaseReport:
    """Give back what was found at a provider and is no session's here."""
    context = _context(runtime, provider, settings, "release")
    return runtime.hooks.release(provider, tuple(refs), how, context)


def _context(
    runtime: Runtime, provider: str, settings: Mapping[str, object], step: str
) -> EngineContext:
    from outrig.session.context import EngineContext
    from outrig.state.journal import SessionJournal

    return EngineContext(
        runtime.hooks.provider(provider, dict(settings)).settings,
        SessionJournal(runtime.state.journal, provider, ""),
        step=step,
        observer=runtime.observer,
        cancel=runtime.cancel.here(),
    )


def _representatives(runtime: Runtime) -> Iterator[Session]:
    """Yield one session for each provider and way to set it that was ever used."""
    seen: set[int] = set()
    for session in runtime.state.sessions.select(ended=True):
        try:
            provider = runtime.provider(session)
        except OutrigError:
            continue  # its plugin is gone; `plugin doctor` says so
        if isinstance(provider, OwnsResources) and id(provider) not in seen:
            seen.add(id(provider))
            yield session


def _inventory(runtime: Runtime, session: Session) -> Inventory:
    """Ask in the provider's own scopes, and where else the journal says that things were made."""
    context = runtime.context(session, "gc")
    owner = runtime.state.owner
    first = runtime.hooks.list_nodes(session.provider, NodeQuery(owner=owner), context)
    scopes = set(runtime.state.journal.scopes(session.provider)) - {session.provider}
    more = tuple(sorted(scopes - set(first.scopes_asked)))
    if not more:
        return first
    query = NodeQuery(owner=owner, scopes=more)
    second = runtime.hooks.list_nodes(session.provider, query, context)
    return Inventory(
        nodes=first.nodes + second.nodes,
        resources=first.resources + second.resources,
        scopes_asked=first.scopes_asked + second.scopes_asked,
        scopes_not_asked=first.scopes_not_asked + second.scopes_not_asked,
    )


def _is_stray(session: Session, ref: ResourceRef, held: set[str]) -> bool:
    """Tell whether a node of a session that runs is not among those it was given."""
    return ref.kind == "node" and session.state is SessionState.RUNNING and ref.id not in held


def _why(runtime: Runtime, session_id: str) -> str:
    session = runtime.state.sessions.get(session_id) if session_id else None
    if session is None:
        return "no session is recorded that has it"
    return f"its session {session.name} is {session.state.value}"


def _ref(node: Node) -> ResourceRef:
    return ResourceRef(kind="node", id=node.id, scope=node.data.get("scope", ""))
