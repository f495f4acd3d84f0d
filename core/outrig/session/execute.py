"""Running things in a session, and following what they print until they end."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from outrig.errors import OutrigError
from outrig.ids import new_id
from outrig.interfaces import OnThisComputer
from outrig.model.resources import ANY
from outrig.model.run import (
    UNKNOWN_RUN,
    ExecuteRequest,
    PreparedEnvironment,
    Run,
    RunRef,
    RunState,
    RunStatus,
    Task,
)
from outrig.model.session import SessionState
from outrig.session.find import require_running
from outrig.session.placing import nodes_named, world_variables
from outrig.session.states import change_run
from outrig.session.tmux import in_tmux

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.model.node import Node
    from outrig.model.resources import Resources
    from outrig.model.session import Session
    from outrig.session.requests import NewRun
    from outrig.session.runtime import Runtime

BESIDE = "OUTRIG_BESIDE"
"""Tells nodes, and clouds' timers, that the processes which have it are nobody's work."""
_WAIT_S = 0.5
_END_S = 5.0
_ON_THE_WAY_S = 60.0
"""How long after it was recorded a run may come to its node."""
_ON_THE_WAY_PAUSE_S = 0.05


def execute(
    runtime: Runtime, session: Session, wanted: Sequence[NewRun], cap: int | None = None
) -> list[Run]:
    """Start runs in a session and return at once; they go on without this process.

    Raises `ConflictError` when the session is not RUNNING.
    """
    require_running(session)
    runtime.hooks.load_extensions()
    placed = [(one, nodes) for one in wanted for nodes in _places(session, one)]
    runs = [_new_run(runtime, session, one, nodes[0]) for one, nodes in placed]
    runtime.state.runs.put(runs)
    runtime.touch(session)
    batches: dict[tuple[str, ...], tuple[tuple[Node, ...], list[Task]]] = {}
    for run, (one, nodes) in zip(runs, placed, strict=True):
        names = tuple(node.id for node in nodes)
        batches.setdefault(names, (nodes, []))[1].append(task_of(runtime, session, run, one))
    try:
        refs = {
            ref.id: ref
            for nodes, tasks in batches.values()
            for ref in hand_out(runtime, session, nodes, tasks, cap)
        }
    except OutrigError as err:
        with suppress(OutrigError):
            _note_refusal(runtime, session, runs, err)
        raise
    runs = [replace(run, ref=refs[run.id]) for run in runs]
    runtime.state.runs.put(runs)
    runtime.record_runs(session, "run.started", {run.id: run.script.strip() for run in runs})
    return runs


def _places(session: Session, wanted: NewRun) -> list[tuple[Node, ...]]:
    """Return for each run that is to be made the nodes among which its provider may choose."""
    if wanted.on is None:
        return [session.nodes]
    return [(node,) for node in nodes_named(session, wanted.on)]


def hand_out(
    runtime: Runtime,
    session: Session,
    nodes: tuple[Node, ...],
    tasks: Sequence[Task],
    cap: int | None,
) -> tuple[RunRef, ...]:
    """Give tasks to these nodes of a session; those a node has already are not started again."""
    request = ExecuteRequest(
        session_id=session.id,
        nodes=nodes,
        tasks=tuple(tasks),
        environment=_environment(session),
        cap=cap,
    )
    return runtime.hooks.execute(session.provider, request, runtime.context(session, "run"))


def _environment(session: Session) -> PreparedEnvironment | None:
    digest = session.environment_digest
    return None if digest is None else PreparedEnvironment(digest=digest)


def _new_run(runtime: Runtime, session: Session, wanted: NewRun, node: Node) -> Run:
    run_id = new_id()
    return Run(
        id=run_id,
        session_id=session.id,
        script=wanted.script,
        created_at=runtime.clock(),
        state=RunState(id=run_id, status=RunStatus.QUEUED),
        ref=RunRef(id=run_id, session_id=session.id, node=node),
        command=wanted.command,
        params=dict(wanted.params),
        snapshot_digest=session.snapshot_digest,
        environment_digest=session.environment_digest,
        resources=wanted.resources,
        timeout_s=wanted.timeout_s,
        background=wanted.background,
        tmux=wanted.tmux,
        beside=wanted.beside,
    )


def _note_refusal(
    runtime: Runtime, session: Session, runs: Sequence[Run], err: OutrigError
) -> None:
    """Record that what the node does not know of was not started, and why."""
    states = runtime.executor(session).observe(tuple(run.ref for run in runs if run.ref))
    for run, state in zip(runs, states, strict=True):
        if state.status is RunStatus.LOST:
            state = replace(state, status=RunStatus.CANCELLED, reason=f"not started: {err}")
        update(runtime, session, run, state)


def _resources(runtime: Runtime, session: Session, wanted: NewRun) -> Resources:
    """Return which slots a run takes: its own, or for a project's command those of the session.

    The latter only where nodes are shared: one that was made for the session is as large as was
    asked for, and a program run beside a command (`--shell`) must not wait for it.
    """
    if wanted.resources != ANY or wanted.command is None or wanted.beside:
        return wanted.resources
    return session.resources if isinstance(runtime.provider(session), OnThisComputer) else ANY


def task_of(runtime: Runtime, session: Session, run: Run, wanted: NewRun) -> Task:
    """Return a run as nodes are told of it."""
    script = wanted.script
    if wanted.tmux:
        script = in_tmux(script, session_id=session.id, session_name=session.name, run_id=run.id)
    return Task(
        id=run.id,
        script=script,
        variables={
            "OUTRIG_SESSION": run.session_id,
            "OUTRIG_RUN": run.id,
            **world_variables(session.nodes),
            **session.variables,
            **({BESIDE: "1"} if wanted.beside else {}),
        },
        resources=_resources(runtime, session, wanted),
        timeout_s=wanted.timeout_s,
        background=wanted.background,
        of_session=wanted.of_session,
    )


def update(runtime: Runtime, session: Session, run: Run, state: RunState) -> Run:
    """Record what a node says of a run; returns the run as it now stands."""
    return update_all(runtime, session, [run], [state])[0]


def update_all(
    runtime: Runtime, session: Session, runs: Sequence[Run], states: Sequence[RunState]
) -> list[Run]:
    """Record what nodes say of runs, all at once; returns the runs as they now stand."""
    coming = _on_their_way(runtime, session, runs, states)
    now = [
        run if run.id in coming else _updated(runtime, session, run, state)
        for run, state in zip(runs, states, strict=True)
    ]
    changed = [one for one, run in zip(now, runs, strict=True) if one is not run]
    if changed:
        runtime.state.runs.put(changed)
    ended = {one.id: describe(one.state) for one in changed if one.state.status.ended}
    runtime.record_runs(session, "run.ended", ended)
    if coming:
        runtime.cancel.wait(_ON_THE_WAY_PAUSE_S)  # whoever asks again would be answered at once
    return now


def _on_their_way(
    runtime: Runtime, session: Session, runs: Sequence[Run], states: Sequence[RunState]
) -> frozenset[str]:
    """Return those runs, by id, that are unknown to a node as they may just be handed to it.

    They are recorded before that by another process, which may have been killed in between.
    """
    since = runtime.clock() - timedelta(seconds=_ON_THE_WAY_S)
    unknown = frozenset(
        run.id
        for run, state in zip(runs, states, strict=True)
        if state.reason == UNKNOWN_RUN and not run.state.status.ended and run.created_at > since
    )
    if not unknown or _is_ending(runtime, session):
        return frozenset()
    events = runtime.state.events.of_session(session.id)
    return unknown - {one.run_id for one in events if one.kind == "run.started"}


def _updated(runtime: Runtime, session: Session, run: Run, state: RunState) -> Run:
    """Return a run with the state that a node tells; the run itself where that is nothing new."""
    if state == run.state or run.state.status.ended:
        return run
    if state.status is RunStatus.LOST and _is_ending(runtime, session):
        state = replace(state, status=RunStatus.CANCELLED, reason="the session was stopped")
    return replace(run, state=replace(state, status=change_run(run.state.status, state.status)))


def _is_ending(runtime: Runtime, session: Session) -> bool:
    """Tell whether another process stops the session: its runs go with it."""
    now = runtime.state.sessions.get(session.id)
    return now is None or now.state is SessionState.TERMINATING or now.state.ended


def describe(state: RunState) -> str:
    """Say how a run stands, in a few words."""
    text = state.status.value
    if state.exit_code:
        text += f", exit code {state.exit_code}"
    return f"{text}: {state.reason}" if state.reason else text


def cancel(runtime: Runtime, session: Session, runs: Sequence[Run], grace_s: float) -> list[Run]:
    """End runs: TERM, and KILL after `grace_s` seconds; returns them when they have ended.

    What goes on nevertheless is waited for 5 s more, and then returned as it stands.
    """
    control = runtime.executor(session)
    refs = tuple(run.ref for run in runs if run.ref is not None and not run.state.status.ended)
    if refs:
        control.cancel(refs, grace_s)
    deadline = time.monotonic() + grace_s + _END_S
    while True:
        runs = refresh(runtime, session, runs)
        open_refs = tuple(run.ref for run in runs if run.ref and not run.state.status.ended)
        if not open_refs or time.monotonic() >= deadline:
            return runs
        control.wait(open_refs, _WAIT_S)


def refresh(runtime: Runtime, session: Session, runs: Sequence[Run]) -> list[Run]:
    """Ask the nodes how runs stand, record it and return them."""
    open_runs = [run for run in runs if run.ref is not None and not run.state.status.ended]
    if not open_runs:
        return list(runs)
    refs = tuple(run.ref for run in open_runs if run.ref is not None)
    states = runtime.executor(session).observe(refs)
    fresh = {run.id: run for run in update_all(runtime, session, open_runs, states)}
    return [fresh.get(run.id, run) for run in runs]
