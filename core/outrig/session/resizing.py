"""Giving a running session more nodes; those that it has stay as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.errors import OutrigError
from outrig.interfaces import OwnsResources
from outrig.model.node import NodeQuery, Release, ResourceRef
from outrig.model.session import SessionState

if TYPE_CHECKING:
    from outrig.model.session import Plan, Session
    from outrig.session.requests import StartRequest
    from outrig.session.runtime import Runtime


def is_to_grow(request: StartRequest, session: Session | None, count: int) -> bool:
    """Tell whether a request wants more nodes of a running session than it has."""
    running = session is not None and session.state is SessionState.RUNNING
    return request.resize and session is not None and running and count > len(session.nodes)


def begin(runtime: Runtime, request: StartRequest, plan: Plan, session: Session) -> Session:
    """Note that a session gets more nodes, which are made with the settings as they now are.

    One whose growth was killed is as it was before.
    """
    if session.state is SessionState.RESIZING:
        session = runtime.move(session, SessionState.RUNNING)
        _give_back_others(runtime, session)
    if not is_to_grow(request, session, plan.count):
        return session
    settings = dict(request.compute.settings)
    return runtime.move(session, SessionState.RESIZING, settings=settings)


def undo(runtime: Runtime, before: Session, session: Session) -> None:
    """Give back the nodes that were new, and leave the session as it was."""
    now = runtime.state.sessions.get(session.id) or session
    if now.state is not SessionState.RESIZING:
        return
    with runtime.cancel.passed_over():
        _give_back_others(runtime, replace(now, nodes=before.nodes))
        runtime.move(now, SessionState.RUNNING, nodes=before.nodes, settings=dict(before.settings))


def _give_back_others(runtime: Runtime, session: Session) -> None:
    """Give back machines of a session that are none of its nodes."""
    if not isinstance(runtime.provider(session), OwnsResources) or session.grows:
        return
    context = runtime.context(session, "release")
    known = {one.id for one in session.nodes}
    try:
        query = NodeQuery(session_id=session.id)
        found = runtime.hooks.list_nodes(session.provider, query, context).nodes
        others = [one for one in found if one.id not in known]
        refs = [
            ResourceRef(kind="node", id=one.id, scope=one.data.get("scope", "")) for one in others
        ]
        if refs:
            runtime.hooks.release(session.provider, tuple(refs), Release.TERMINATE, context)
    except OutrigError as err:
        runtime.observer.notice(f"new nodes of {session.name} could not be released: {err}")
