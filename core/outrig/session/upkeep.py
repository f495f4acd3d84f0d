"""Keeping the records true, and clearing away what nothing uses any more."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import OutrigError
from outrig.interfaces import OnThisComputer, OwnsResources, WithSessionEnd, WithUpkeep
from outrig.model.session import SessionState
from outrig.session.execute import refresh
from outrig.session.find import is_interrupted
from outrig.session.interruption import taken_back
from outrig.session.known_nodes import kept_on, known_nodes
from outrig.session.lock import is_locked
from outrig.session.outside import Outside, orphans_outside, release_outside
from outrig.session.stop import settle_runs, stop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.model.node import Kept, Node
    from outrig.model.session import Session
    from outrig.session.runtime import Runtime
    from outrig.state.overview import SessionSummary

_HERE = "localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """Something that nothing uses: what it is, where, and why it is there."""

    kind: str
    id: str
    node: str
    reason: str
    outside: Outside | None = None
    """Set for what a provider holds, besides nodes' own files."""


def bring_up_to_date(runtime: Runtime, session: Session) -> Session:
    """Ask the nodes how a session and its runs stand, and record it; returns the record.

    A session that ended on its node by itself (idle, over age, taken back) is SUSPENDED from then
    on, with the reason: starting it resumes it. Raises `RemoteError`.
    """
    owned = isinstance(runtime.provider(session), OwnsResources)
    if owned:
        session = notice_end(runtime, session)  # a machine that is off cannot be asked about runs
        if session.state is not SessionState.RUNNING:
            return session
    refresh(runtime, session, runtime.state.runs.of_session(session.id, unfinished=True))
    return session if owned else notice_end(runtime, session)


def notice_end(runtime: Runtime, session: Session) -> Session:
    """Record that a session's nodes ended it by themselves, if they did; returns the record.

    One whose nodes were taken back is RESTARTING where its policy wants them replaced.
    """
    provider = runtime.provider(session)
    if session.state is not SessionState.RUNNING or not isinstance(provider, WithUpkeep):
        return session
    kept = [(node, provider.kept(node)) for node in session.nodes]
    ended = [(node, one) for node, one in kept if session.id in one.ended]
    if not ended:
        return session
    reason = ended[0][1].ended[session.id]
    if any(session.id in one.taken_back for _, one in ended):
        return taken_back(runtime, session, [node for node, _ in ended], reason)
    session = runtime.move(session, SessionState.SUSPENDED, error=reason)
    runtime.record(session, "session.ended", f"the node ended it: {reason}")
    if isinstance(provider, OwnsResources):
        settle_runs(runtime, session)
    return session


def settle(runtime: Runtime, summaries: Sequence[SessionSummary]) -> bool:
    """Bring those up to date that may have changed and are on this computer.

    Returns whether any was asked. One whose node does not answer stays as it is recorded.
    """
    asked = False
    for one in summaries:
        session = None
        if one.state == SessionState.RUNNING.value and (one.unfinished_runs or one.limited):
            session = runtime.state.sessions.get(one.id)
        if session is not None and isinstance(runtime.provider(session), OnThisComputer):
            asked = True
            with suppress(OutrigError):
                bring_up_to_date(runtime, session)
    return asked


def find_orphans(runtime: Runtime) -> list[Orphan]:
    """Return what is kept on nodes, or recorded, that nothing uses: nothing is changed.

    These are sessions whose start died, sessions a node keeps that are not recorded as live, those
    that were to be terminated when idle or over age, environments that no session uses, and what
    providers hold for sessions that are over. Asked are nodes that a recorded session was on, those
    that the configuration names, this computer, and providers of recorded sessions.
    """
    live = {one.id: one for one in runtime.state.sessions.select()}
    orphans = [
        Orphan(kind="session", id=one.id, node="", reason=why)
        for one in live.values()
        if (why := _half_way(runtime, one)) is not None
    ]
    for (_, node), kept in kept_on(runtime, known_nodes(runtime)):
        orphans += _sessions_on(runtime, kept, node, live)
        orphans += [
            Orphan(kind="environment", id=digest, node=node.id, reason="no session uses it")
            for digest in kept.environments
        ]
        if kept.files_bytes:
            reason = f"{kept.files_bytes >> 20} MiB of ended sessions, to be sent no second time"
            orphans.append(Orphan(kind="files", id="kept", node=node.id, reason=reason))
        orphans += [
            Orphan(kind="leftover", id=name, node=node.id, reason=_why_left(name))
            for name in kept.leftovers
        ]
    orphans += [
        Orphan(kind=one.ref.kind, id=one.ref.id, node=one.ref.scope, reason=one.reason, outside=one)
        for one in orphans_outside(runtime, live)
    ]
    return orphans


def _why_left(name: str) -> str:
    return "its removal was cut short" if name.startswith("trash/") else "of another version"


def _half_way(runtime: Runtime, session: Session) -> str | None:
    """Return why a session is nobody's any more, `None` if it is somebody's."""
    if is_interrupted(runtime, session):
        return f"the start of {session.name} died"
    if is_locked(runtime.state.directory, session.id):
        return None
    if session.state is SessionState.TERMINATING:
        return f"the stop of {session.name} died"
    if session.state is SessionState.ERROR and not session.nodes:
        return f"{session.name} did not start, and could not be released"
    return None


def remove(runtime: Runtime, orphans: list[Orphan]) -> list[tuple[Orphan, str | None]]:
    """Clear orphans away; returns each with the reason why it is still there, `None` if gone."""
    nodes = {node.id: (provider, node) for provider, node in known_nodes(runtime)}
    return [(one, _remove(runtime, one, nodes)) for one in orphans]


def _remove(
    runtime: Runtime, orphan: Orphan, nodes: dict[str, tuple[WithUpkeep, Node]]
) -> str | None:
    try:
        if orphan.outside is not None:
            return release_outside(runtime, orphan.outside)
        session = runtime.state.sessions.get(orphan.id)
        if session is not None and not session.state.ended:
            stop(runtime, session)
            return None
        provider, node = nodes[orphan.node]
        if orphan.kind == "environment":
            return None if provider.remove_environment(node, orphan.id) else "a session uses it"
        if orphan.kind in ("files", "leftover"):
            provider.remove_leftover(node, orphan.id)
        elif isinstance(provider, WithSessionEnd):
            provider.end_session(orphan.id, (node,), 0)
    except OutrigError as err:
        return str(err)
    return None


def _sessions_on(
    runtime: Runtime, kept: Kept, node: Node, live: dict[str, Session]
) -> list[Orphan]:
    """Return what is there of sessions that are over; what was never ours is left alone.

    Elsewhere than on this computer it may be somebody's who logs in there from another one.
    """
    found = []
    for session_id in kept.sessions:
        session = live.get(session_id)
        if session is None:
            if node.address != _HERE and runtime.state.sessions.get(session_id) is None:
                continue
            reason = "no live session has that id"
        elif session_id in kept.ended and session.lifetime.terminate:
            reason = f"{session.name} was {kept.ended[session_id]}"
        else:
            continue
        found.append(Orphan(kind="session", id=session_id, node=node.id, reason=reason))
    return found
