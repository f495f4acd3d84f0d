"""Running things in a session, and following what they print until they end."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from outrig.errors import OutrigError, RemoteError
from outrig.ids import new_id
from outrig.interfaces import OnThisComputer
from outrig.model.resources import ANY
from outrig.model.run import (
    ExecuteRequest,
    PreparedEnvironment,
    Run,
    RunRef,
    RunState,
    RunStatus,
    Stream,
    Task,
)
from outrig.model.session import SessionState
from outrig.session.find import require_running
from outrig.session.placing import nodes_named, world_variables
from outrig.session.states import change_run
from outrig.session.tmux import in_tmux

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrig.interfaces import RunControl
    from outrig.model.node import Node
    from outrig.model.resources import Resources
    from outrig.model.session import Session
    from outrig.session.requests import NewRun
    from outrig.session.runtime import Runtime

    Recover = Callable[[Session, RemoteError], Session]

_WAIT_S = 0.5
_END_S = 5.0
_ASKED_AT_ONCE = 256
"""Of thousands of runs that are waited for, the first are asked about: they end first."""
_PAUSE_S = 0.0008
"""For each run that is asked about, so that asking again at every end costs little."""
_LOG_BYTES = 1024 * 1024
_KILLED = (128 + signal.SIGTERM, 128 + signal.SIGKILL)


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
    if wanted.resources != ANY or wanted.command is None:
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
        },
        resources=_resources(runtime, session, wanted),
        timeout_s=wanted.timeout_s,
        background=wanted.background,
    )


@dataclass(slots=True)
class _Followed:
    run: Run
    offsets: dict[Stream, int] = field(default_factory=lambda: dict.fromkeys(Stream, 0))
    drained: bool = False


def follow(
    runtime: Runtime,
    session: Session,
    runs: Sequence[Run],
    *,
    since: int = 0,
    recover: Recover | None = None,
) -> list[Run]:
    """Hand on what runs print, from byte `since` of each stream, until all have ended.

    `recover` is asked for the session as it stands when its nodes do not answer, and raises where
    it cannot help. Raises `Interrupted` when the user asks to stop; the runs then go on.
    """
    followed = [_Followed(run, dict.fromkeys(Stream, since)) for run in runs]
    while live := [one for one in followed if not one.drained]:
        runtime.cancel.check()
        try:
            _follow_on(runtime, session, live)
            if any(was_killed(one.run.state) for one in live):
                anew = _asked_why(session, recover)
                session = anew or session
                if anew is not None:
                    _go_over(runtime, session, live)
        except RemoteError as err:
            if recover is None:
                raise
            session = recover(session, err)
            _go_over(runtime, session, live)
    return [one.run for one in followed]


def _follow_on(runtime: Runtime, session: Session, live: Sequence[_Followed]) -> None:
    control = runtime.executor(session)
    refs = tuple(one.run.ref for one in live if one.run.ref is not None)
    for one, state in zip(live, control.wait(refs, _WAIT_S), strict=True):
        one.run = update(runtime, session, one.run, state)
        _hand_on(runtime, session, control, one)
        one.drained = one.run.state.status.ended


def _go_over(runtime: Runtime, session: Session, live: Sequence[_Followed]) -> None:
    """Go over to the runs that do again what was cut; of others that is gone nothing more comes."""
    there = {node.id for node in session.nodes if session.state is SessionState.RUNNING}
    runs = latest(runtime, session, [one.run for one in live])
    for one, now in zip(live, runs, strict=True):
        if now.id != one.run.id:
            runtime.observer.notice(f"run {one.run.id} was cut; it runs again as {now.id}")
            one.offsets = dict.fromkeys(Stream, 0)
        gone = now.ref is None or now.ref.node.id not in there
        one.run, one.drained = now, now.state.status.ended and gone


def was_killed(state: RunState) -> bool:
    """Tell whether a run was ended from outside, as those are whose machine shuts down."""
    killed = state.status is RunStatus.FAILED and state.exit_code in _KILLED
    return killed and state.reason in (None, "killed by SIGTERM", "killed by SIGKILL")


def _asked_why(session: Session, recover: Recover | None) -> Session | None:
    """Return the session anew where a run was killed as its node was taken back, else `None`."""
    try:
        return recover(session, RemoteError("a run was killed")) if recover is not None else None
    except RemoteError:
        return None


def latest(runtime: Runtime, session: Session, runs: Sequence[Run]) -> list[Run]:
    """Return runs as they are recorded, and where they are done again the last that does so."""
    found = {one.id: one for one in runtime.state.runs.of_session(session.id)}
    again = {one.repeats: one for one in found.values() if one.repeats is not None}

    def last(run: Run) -> Run:
        return last(again[run.id]) if run.id in again else run

    return [last(found.get(run.id, run)) for run in runs]


def read_logs(runtime: Runtime, session: Session, run: Run, *, since: int = 0) -> None:
    """Hand on what a run has printed so far, from byte `since` of each stream."""
    one = _Followed(run, dict.fromkeys(Stream, since))
    _hand_on(runtime, session, runtime.executor(session), one)


def wait(
    runtime: Runtime, session: Session, runs: Sequence[Run], *, recover: Recover | None = None
) -> list[Run]:
    """Wait until runs have ended, without reading what they print; `recover` as in `follow`.

    Raises `Interrupted`.
    """
    now = {run.id: run for run in runs}
    live = {run.id: run for run in runs if run.ref and not run.state.status.ended}
    while live:
        runtime.cancel.check()
        asked = list(islice(live, _ASKED_AT_ONCE))
        try:
            told = _wait_on(runtime, session, [live[one] for one in asked])
            if any(was_killed(run.state) for run in told):
                session = _asked_why(session, recover) or session
                told = latest(runtime, session, told)
        except RemoteError as err:
            if recover is None:
                raise
            session, asked = recover(session, err), list(live)
            told = latest(runtime, session, [*live.values()])
        for one, run in zip(asked, told, strict=True):
            now[one] = live[one] = run
            if run.state.status.ended:
                del live[one]
        runtime.cancel.wait(_PAUSE_S * (len(asked) - 1))
    return [now[run.id] for run in runs]


def _wait_on(runtime: Runtime, session: Session, runs: Sequence[Run]) -> list[Run]:
    refs = tuple(run.ref for run in runs if run.ref is not None)
    states = runtime.executor(session).wait(refs, _WAIT_S)
    return update_all(runtime, session, runs, states)


def _hand_on(runtime: Runtime, session: Session, control: RunControl, one: _Followed) -> None:
    """Hand on what is new in both streams."""
    if one.run.ref is None:
        return
    for stream in Stream:
        while True:
            part = control.read_log(one.run.ref, stream, one.offsets[stream], _LOG_BYTES)
            if part.data:
                runtime.observer.output(session, one.run, stream, part.data)
            one.offsets[stream] = part.next_offset
            if not part.data:
                break
            runtime.cancel.check()


def update(runtime: Runtime, session: Session, run: Run, state: RunState) -> Run:
    """Record what a node says of a run; returns the run as it now stands."""
    return update_all(runtime, session, [run], [state])[0]


def update_all(
    runtime: Runtime, session: Session, runs: Sequence[Run], states: Sequence[RunState]
) -> list[Run]:
    """Record what nodes say of runs, all at once; returns the runs as they now stand."""
    now = [_updated(runtime, session, *one) for one in zip(runs, states, strict=True)]
    changed = [one for one, run in zip(now, runs, strict=True) if one is not run]
    if changed:
        runtime.state.runs.put(changed)
    ended = {one.id: describe(one.state) for one in changed if one.state.status.ended}
    runtime.record_runs(session, "run.ended", ended)
    return now


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
