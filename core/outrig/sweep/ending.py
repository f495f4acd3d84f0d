"""The end of a sweep: outputs come home, metrics are kept, the session may go, somebody is told."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.errors import OutrigError
from outrig.interfaces import WithMetrics
from outrig.model.run import RunStatus
from outrig.model.session import SessionState
from outrig.model.sweep import SweepState
from outrig.sweep.metrics import last_values
from outrig.sweep.notify import notify
from outrig.sweep.track import WINDOW, ref_of

if TYPE_CHECKING:
    from outrig.engine import Outrig
    from outrig.model.session import Session
    from outrig.model.sweep import Sweep
    from outrig.session.pull import Pulled


def finish(outrig: Outrig, sweep: Sweep, session: Session | None) -> Sweep:
    """Record that a sweep has ended, with all that is to be done then; returns its record.

    What cannot be brought home is said, and stays in the session.
    """
    options = sweep.options
    running = session is not None and session.state is SessionState.RUNNING
    if session is not None and running:
        keep_metrics(outrig, sweep, session)
        if options.pull:
            try:
                with outrig.cancel.passed_over():
                    pull_outputs(outrig, sweep, session)
            except OutrigError as err:
                outrig.observer.notice(f"{sweep.name}: outputs did not come back: {err}")
    now = outrig.runtime.clock()

    def end(one: Sweep) -> Sweep:
        state = outcome(outrig, one)
        return replace(one, state=state, ended_at=now) if state is not None else one

    sweep = outrig.state.sweeps.change(sweep.id, end)
    if not sweep.state.ended:
        return sweep
    if session is not None:
        with suppress(OutrigError):
            outrig.runtime.record(session, "sweep.ended", f"{sweep.name}: {sweep.state.value}")
    for problem in notify(outrig, sweep):
        outrig.observer.notice(f"{sweep.name}: {problem}")
    if options.remove and session is not None and running:
        with outrig.cancel.passed_over():
            outrig.stop(session)
    return sweep


def outcome(outrig: Outrig, sweep: Sweep) -> SweepState | None:
    """Return how a sweep ended; `None` when some case was put back into the queue meanwhile."""
    counts = outrig.state.sweeps.counts(sweep.id)
    if counts.get(RunStatus.QUEUED) or counts.get(RunStatus.RUNNING):
        return None
    if counts.get(RunStatus.SUCCEEDED) == sweep.size:
        return SweepState.SUCCEEDED
    if sweep.cancelled:
        return SweepState.CANCELLED
    return SweepState.FAILED


def pull_outputs(outrig: Outrig, sweep: Sweep, session: Session) -> list[Pulled]:
    """Bring the output files of all cases home, to `outputs/SWEEP/CASE/` in the project."""
    from outrig.session.projects import outputs_root
    from outrig.session.pull import PullRequest, make_apart, pull

    if not sweep.outputs:
        return []
    root = outputs_root(session)
    wanted = [f"{sweep.directory}/*/{pattern}" for pattern in sweep.outputs]
    if root.is_dir():
        make_apart(root / "outputs")
    pulled = []
    for node in session.nodes:
        request = PullRequest(root=root, outputs=wanted, anew=False)
        pulled += pull(outrig.runtime, replace(session, nodes=(node,)), request)
    return pulled


def keep_metrics(outrig: Outrig, sweep: Sweep, session: Session) -> None:
    """Record the last value of every metric of every case, so that they outlive the session."""
    provider = outrig.runtime.executor(session)
    if not isinstance(provider, WithMetrics) or session.state is not SessionState.RUNNING:
        return
    cases = outrig.state.sweeps.cases(sweep.id)
    for begin in range(0, len(cases), WINDOW):
        some = [case for case in cases[begin : begin + WINDOW] if case.started_at is not None]
        refs = tuple(ref_of(sweep, session, case) for case in some)
        lines = provider.read_metrics(refs) if refs else {}
        values = {run: last_values(data) for run, data in lines.items()}
        if values:
            outrig.state.sweeps.note_metrics(sweep.id, values)
