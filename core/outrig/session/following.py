"""Following runs to their end, also where they are cut and done again on another node."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from outrig.errors import RemoteError
from outrig.model.run import Run, RunState, RunStatus, Stream
from outrig.model.session import SessionState
from outrig.session.execute import update, update_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrig.interfaces import RunControl
    from outrig.model.session import Session
    from outrig.session.runtime import Runtime

    Recover = Callable[[Session, RemoteError], Session]

_WAIT_S = 0.5
_ASKED_AT_ONCE = 256
"""Of thousands of runs that are waited for, the first are asked about: they end first."""
_PAUSE_S = 0.0008
"""For each run that is asked about, so that asking again at every end costs little."""
_LOG_BYTES = 1024 * 1024
_KILLED = (128 + signal.SIGTERM, 128 + signal.SIGKILL)


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
    if any(run.cut for run in runs):
        session = _asked_why(session, recover) or session
        _go_over(runtime, session, [one for one in followed if one.run.cut])
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
            session = _session_anew(runtime, session, [one.run for one in live], err, recover)
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
    if not live:
        return
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


def _session_anew(
    runtime: Runtime,
    session: Session,
    runs: Sequence[Run],
    err: RemoteError,
    recover: Recover | None,
) -> Session:
    """Return the session as it stands where somebody else brought it up again, else recover it."""
    if recover is None:
        raise err
    again = [one.id for one in latest(runtime, session, runs)] != [run.id for run in runs]
    current = runtime.state.sessions.get(session.id)
    return current if again and current is not None else recover(session, err)


def _asked_why(session: Session, recover: Recover | None) -> Session | None:
    """Return the session anew where runs ended as its node was taken back, else `None`."""
    try:
        return recover(session, RemoteError("a run was killed")) if recover is not None else None
    except RemoteError:
        return None


def latest(runtime: Runtime, session: Session, runs: Sequence[Run]) -> list[Run]:
    """Return runs as they are recorded, and where they are done again the last that does so."""
    if not runs:
        return []
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
    if any(run.cut for run in runs):
        session = _asked_why(session, recover) or session
    cut = [run for run in runs if run.cut]
    anew = dict(zip([run.id for run in cut], latest(runtime, session, cut), strict=True))
    now = {run.id: anew.get(run.id, run) for run in runs}
    live = {one: run for one, run in now.items() if run.ref and not run.state.status.ended}
    while live:
        runtime.cancel.check()
        asked = list(islice(live, _ASKED_AT_ONCE))
        try:
            told = _wait_on(runtime, session, [live[one] for one in asked])
            if any(was_killed(run.state) for run in told):
                session = _asked_why(session, recover) or session
                told = latest(runtime, session, told)
        except RemoteError as err:
            asked, there = list(live), [*live.values()]
            session = _session_anew(runtime, session, there, err, recover)
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
