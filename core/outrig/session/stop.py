"""Ending a session: its runs end, its nodes are given back, its outputs are home before."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.errors import Interrupted, OutrigError, RemoteError
from outrig.interfaces import WithSessionEnd
from outrig.model.node import Inventory, NodeQuery, Release, ResourceRef
from outrig.model.run import RunStatus
from outrig.model.session import SessionState
from outrig.session.execute import cancel as cancel_runs

if TYPE_CHECKING:
    from outrig.model.node import Node
    from outrig.model.run import Run
    from outrig.model.session import Session
    from outrig.session.runtime import Runtime

GRACE_S = 5.0
"""How long runs have between TERM and KILL, in seconds."""


def stop(runtime: Runtime, session: Session, *, keep: bool = False) -> Session:
    """End a session, or with `keep` suspend it; returns its record. A repeat is harmless.

    Raises `RemoteError` when something could not be released: the session is then in ERROR, and
    stopping it again tries again.
    """
    runtime.hooks.load_extensions()
    with runtime.hold(session) as session:
        if session.state.ended or (keep and session.state is SessionState.SUSPENDED):
            return session
        if session.state is SessionState.PENDING:
            return _end(runtime, session, SessionState.CANCELLED)
        if keep and session.state is SessionState.RUNNING:
            return _suspend(runtime, session)
        return _terminate(runtime, session, session.error)


def give_up(runtime: Runtime, session: Session, reason: str) -> None:
    """Release what a start that failed has made; what cannot be released stays in the journal."""
    session = runtime.state.sessions.get(session.id) or session
    runtime.observer.notice(f"releasing what was made for {session.name}")
    with runtime.cancel.passed_over():
        try:
            if session.state is SessionState.PENDING:
                _end(runtime, session, SessionState.CANCELLED, reason)
            else:
                _terminate(runtime, session, reason)
        except OutrigError as err:
            runtime.observer.notice(
                f"{session.name} could not be released ({err}): outrig session stop {session.name}"
            )


def _still(runtime: Runtime, session: Session) -> None:
    """End the runs of a session that grows: they could make more while it is given back."""
    runs = _unfinished(runtime, session) if session.grows else []
    if runs:
        with suppress(OutrigError):  # where its nodes do not answer nothing more is made there
            cancel_runs(runtime, session, runs, GRACE_S)


def _suspend(runtime: Runtime, session: Session) -> Session:
    with runtime.step(session, "stop"):
        _still(runtime, session)
        suspend(runtime, session, _held(runtime, session).nodes)
    return runtime.move(session, SessionState.SUSPENDED)


def suspend(runtime: Runtime, session: Session, nodes: tuple[Node, ...]) -> None:
    """End a session's runs on these nodes, give the nodes back to be resumed, record the ends."""
    names = {node.id for node in nodes}
    found = [run.ref for run in _unfinished(runtime, session) if run.ref is not None]
    refs = tuple(ref for ref in found if ref.node.id in names)
    if refs:
        runtime.executor(session).cancel(refs, GRACE_S)
    if nodes:
        _release(runtime, session, Release.KEEP, Inventory(nodes=nodes))
    settle_runs(runtime, session)


def _terminate(runtime: Runtime, session: Session, reason: str | None) -> Session:
    session = runtime.move(session, SessionState.TERMINATING)
    try:
        with runtime.step(session, "stop"):
            provider = runtime.provider(session)
            _still(runtime, session)
            held = _held(runtime, session)
            if isinstance(provider, WithSessionEnd) and held.nodes:
                provider.end_session(session.id, held.nodes, GRACE_S)
            _release(runtime, session, Release.TERMINATE, held)
    except (OutrigError, Interrupted) as err:
        runtime.move(session, SessionState.ERROR, error=str(err))
        raise
    runtime.state.journal.released(session.id)
    settle_runs(runtime, session)
    return _end(runtime, session, SessionState.TERMINATED, reason)


def _end(
    runtime: Runtime, session: Session, state: SessionState, reason: str | None = None
) -> Session:
    session = runtime.move(session, state, error=reason)
    runtime.record(session, f"session.{state.value.lower()}", reason or "stopped")
    lock = Path(runtime.state.directory) / "locks" / session.id
    lock.unlink(missing_ok=True)
    return session


def _release(runtime: Runtime, session: Session, how: Release, held: Inventory) -> None:
    targets = tuple(
        ResourceRef(
            kind="node", id=node.id, scope=node.data.get("scope", ""), session_id=session.id
        )
        for node in held.nodes
    )
    targets += held.resources
    report = runtime.hooks.release(
        session.provider, targets, how, runtime.context(session, "release")
    )
    if report.failed:
        target, reason = report.failed[0]
        raise RemoteError(
            f'{target.kind} {target.id} of session "{session.name}" was not released: {reason}',
            hint=f"try again: outrig session stop {session.name}",
        )


def _held(runtime: Runtime, session: Session) -> Inventory:
    """Return the session's nodes; what a start that died made before it recorded them is asked."""
    if session.nodes or not runtime.state.journal.open_entries(session.id):
        return Inventory(nodes=session.nodes)
    query = NodeQuery(session_id=session.id)
    context = runtime.context(session, "release")
    return runtime.hooks.list_nodes(session.provider, query, context)


def _unfinished(runtime: Runtime, session: Session) -> list[Run]:
    return runtime.state.runs.of_session(session.id, unfinished=True)


def settle_runs(runtime: Runtime, session: Session) -> None:
    """Record the runs that ended with their session as cancelled."""
    runs = _unfinished(runtime, session)
    runtime.state.runs.put(
        [
            replace(
                run,
                state=replace(
                    run.state,
                    status=RunStatus.CANCELLED,
                    reason="the session was stopped",
                    ended_at=runtime.clock(),
                ),
            )
            for run in runs
        ]
    )
