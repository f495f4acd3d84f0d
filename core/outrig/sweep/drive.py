"""Working on a sweep: starting its session, giving its cases to the nodes, ending it.

All that matters is in the records, so whoever holds the sweep's lock can go on where another, which
may have been killed at any moment, stopped. A run's id is recorded before a node hears of it, and a
node starts one id once: so what is not known to have arrived is simply sent again.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.errors import Interrupted, NotFoundError, OutrigError, RemoteError
from outrig.ids import new_id
from outrig.model.interruption import Interruption
from outrig.model.run import UNKNOWN_RUN, ExecuteRequest, PreparedEnvironment, RunStatus, Task
from outrig.model.session import SessionState
from outrig.model.sweep import SweepState
from outrig.session.following import was_killed
from outrig.sweep.due import blocked_by, is_due
from outrig.sweep.ending import finish
from outrig.sweep.lock import SweepLock
from outrig.sweep.track import node_of, ref_of, state_of, track, used_nodes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig.engine import Outrig
    from outrig.model.node import Node
    from outrig.model.session import Session
    from outrig.model.sweep import Sweep, SweepCase
    from outrig.session.requests import StartRequest

_FEW = 32
"""So many cases are waited for by the node; of more the state is asked for in turns."""
_WAIT_S = 0.5
_PAUSE_S = 0.25
_BREATH_S = 0.02
_ASK_S = 10.0
"""How often at most a provider is asked whether it took nodes back that do not answer."""
_OPEN = (RunStatus.QUEUED, RunStatus.RUNNING)
_NOT_RUN = (RunStatus.FAILED, RunStatus.LOST)
GRACE_S = 5.0


class Driver:
    """Works on one sweep a turn at a time; without the lock it only brings the records up to date.

    `trouble` is why the last turn could not reach the nodes, `None` when it could.
    """

    def __init__(self, outrig: Outrig, sweep_id: str) -> None:
        self.outrig = outrig
        self.runtime = outrig.runtime
        self.sweeps = outrig.state.sweeps
        self.sweep_id = sweep_id
        self.lock = SweepLock(outrig.state.directory, sweep_id)
        self.changed: list[SweepCase] = []
        self.trouble: RemoteError | None = None
        self._cancel_asked = False
        self._begun = False
        self._ask_after = 0.0

    def close(self) -> None:
        """Let another process work on the sweep."""
        self.lock.close()

    def turn(self) -> Sweep:
        """Do what can be done now; returns the sweep as it then stands.

        Raises `OutrigError` when it cannot go on: the sweep has then FAILED, with that reason.
        """
        self.changed = []
        driving = self.lock.take()
        sweep = self.current()
        if sweep.state.ended:
            return sweep
        try:
            self.trouble = None
            return self._work(sweep) if driving else self._look(sweep)
        except RemoteError as err:
            if not driving or sweep.session_id is None:
                raise
            self.trouble = self._recover(sweep, err)
            return self.current()

    def _recover(self, sweep: Sweep, err: RemoteError) -> RemoteError | None:
        """Replace nodes that were taken back, if that is why; returns what is still in the way."""
        session, now = self.session(sweep), time.monotonic()
        if session is None or now < self._ask_after:
            return err
        self._ask_after = now + _ASK_S
        try:
            self.outrig.recover(session, err)
        except RemoteError as still:
            return still
        except OutrigError as why:
            self._refuse(sweep, str(why), SweepState.FAILED)
            raise
        return None

    def current(self) -> Sweep:
        """Return the record as it is now; raises `NotFoundError`."""
        sweep = self.sweeps.get(self.sweep_id)
        if sweep is None:
            raise NotFoundError("the sweep was removed meanwhile")
        return sweep

    def session(self, sweep: Sweep) -> Session | None:
        """Return the sweep's session, `None` before it has one."""
        return self.runtime.state.sessions.get(sweep.session_id) if sweep.session_id else None

    def pause(self, sweep: Sweep) -> None:
        """Wait until something may have changed, or the user asks to stop."""
        session = self.session(sweep)
        if self.trouble or session is None or session.state is not SessionState.RUNNING:
            self.runtime.cancel.wait(_PAUSE_S if not self.trouble else 4 * _PAUSE_S)
            return
        handed = self.sweeps.handed(sweep.id, limit=_FEW + 1)
        self._begun = self._begun or bool(self.changed)
        if not handed or (self._begun and len(handed) > _FEW):
            self.runtime.cancel.wait(_PAUSE_S)
            return
        refs = tuple(ref_of(sweep, session, case) for case in handed[:_FEW])
        with suppress(RemoteError):
            self.runtime.executor(session).wait(refs, _WAIT_S)
        self.runtime.cancel.wait(_BREATH_S)

    def _look(self, sweep: Sweep) -> Sweep:
        session = self.session(sweep)
        if session is not None:
            self.changed = track(self.runtime, sweep, session)
        return self.current()

    def _work(self, sweep: Sweep) -> Sweep:
        session = self.session(sweep)
        if sweep.cancelled:
            return self._end(sweep, session)
        if sweep.state is not SweepState.RUNNING or session is None:
            blocked = blocked_by(self.outrig, sweep)
            if blocked is not None:
                return self._refuse(sweep, blocked)
            if not is_due(self.outrig, sweep):
                return sweep
            sweep, session = self._start(sweep)
        self._hand_over(sweep, session)
        sweep = self.current()
        if sweep.cancelled:
            return self._end(sweep, session)
        self.changed = track(self.runtime, sweep, session)
        self._run_again(sweep, session, self._went_down(sweep, session))
        return self._finish_when_over(sweep, session)

    def _start(self, sweep: Sweep) -> tuple[Sweep, Session]:
        """Bring the sweep's session up, as it was asked for."""
        self.sweeps.change(sweep.id, lambda now: replace(now, state=SweepState.STARTING))
        try:
            session = self.outrig.start(self._request(sweep))
        except (OutrigError, Interrupted) as err:
            if not isinstance(err, Interrupted):
                self._refuse(sweep, str(err), SweepState.FAILED)
            raise
        now = self.runtime.clock()
        sweep = self.sweeps.change(
            sweep.id,
            lambda one: replace(
                one,
                state=SweepState.RUNNING,
                session_id=session.id,
                started_at=one.started_at or now,
            ),
        )
        self.runtime.record(session, "sweep.started", f"{sweep.name}: {sweep.size} cases")
        return sweep, session

    def _request(self, sweep: Sweep) -> StartRequest:
        info = self.outrig.snapshots.find(sweep.snapshot_id)
        if info is None:
            raise NotFoundError(f"the snapshot of sweep {sweep.name} was deleted")
        project = self.outrig.project_of(info, sweep.project_root)
        request = self.outrig.request(
            project, snapshot=info, name=sweep.session_name, compute=sweep.compute
        )
        return replace(request, lifetime=sweep.lifetime, cluster=sweep.cluster)

    def _refuse(self, sweep: Sweep, reason: str, state: SweepState = SweepState.CANCELLED) -> Sweep:
        now = self.runtime.clock()
        self.sweeps.cancel_waiting(sweep.id, f"not started: {reason}", now.timestamp())
        return self.sweeps.change(
            sweep.id, lambda one: replace(one, state=state, reason=reason, ended_at=now)
        )

    def _hand_over(self, sweep: Sweep, session: Session) -> None:
        """Give the nodes what is due and what they may not have got before."""
        if session.state is not SessionState.RUNNING:
            return
        now = self.runtime.clock().timestamp()
        due = [case for case in self.sweeps.kept_back(sweep.id) if _may_go(sweep, case, now)]
        nodes = used_nodes(sweep, session)
        for place, node in enumerate(nodes):
            share = [case for case in due if case.number % len(nodes) == place]
            if share:
                try:
                    self._give(sweep, session, node, share)
                except RemoteError:
                    raise
                except OutrigError as err:
                    self._refuse(sweep, str(err), SweepState.FAILED)
                    raise

    def _give(self, sweep: Sweep, session: Session, node: Node, share: list[SweepCase]) -> None:
        nodes, cap = used_nodes(sweep, session), sweep.options.cap
        digest = session.environment_digest
        request = ExecuteRequest(
            session_id=session.id,
            nodes=(node,),
            tasks=tuple(task_of(sweep, case, session.variables) for case in share),
            environment=PreparedEnvironment(digest=digest) if digest else None,
            cap=cap and cap // len(nodes) + (nodes.index(node) < cap % len(nodes)),
            group=sweep.id,
            priority=sweep.options.priority,
        )
        context = self.runtime.context(session, "run")
        self.runtime.hooks.execute(session.provider, request, context)
        self.sweeps.hand_over(sweep.id, share)

    def _went_down(self, sweep: Sweep, session: Session) -> list[SweepCase]:
        """Return the cases that were killed as their node was taken back; it is replaced."""
        killed = [case for case in self.changed if was_killed(state_of(case))]
        if not killed:
            return []
        try:
            there = self.outrig.recover(session, RemoteError("cases were killed")).nodes
        except RemoteError:
            return []
        return [case for case in killed if node_of(sweep, session, case) not in there]

    def _run_again(self, sweep: Sweep, session: Session, killed: list[SweepCase]) -> None:
        """Put what failed back into the queue, as often as was asked for; and what was cut."""
        options = sweep.options
        rerun = session.on_interruption is Interruption.RERUN
        if not options.retries and not rerun:
            return
        now = self.runtime.clock().timestamp()
        failed = self.sweeps.cases(sweep.id, _NOT_RUN)
        cut = [one for one in failed if rerun and (one.reason == UNKNOWN_RUN or one in killed)]
        failed = [case for case in failed if case not in cut]
        pairs = [
            (
                case,
                replace(
                    case,
                    run_id=new_id(),
                    attempt=case.attempt + 1,
                    due_at=now + options.backoff_s * 2 ** (case.attempt - 1),
                ),
            )
            for case in failed
            if case.attempt <= options.retries
        ]
        pairs += [(case, replace(case, run_id=new_id(), due_at=0.0)) for case in cut]
        if pairs:
            self.sweeps.again(sweep.id, pairs)

    def _end(self, sweep: Sweep, session: Session | None) -> Sweep:
        """End what goes on, as the user wishes."""
        now = self.runtime.clock().timestamp()
        self.sweeps.cancel_waiting(sweep.id, "cancelled before it started", now)
        if session is None:
            return finish(self.outrig, sweep, None)
        if not self._cancel_asked:
            cancel_on_nodes(self.outrig, sweep, session)
            self._cancel_asked = True
        self.changed = track(self.runtime, sweep, session)
        return self._finish_when_over(sweep, session)

    def _finish_when_over(self, sweep: Sweep, session: Session) -> Sweep:
        counts = self.sweeps.counts(sweep.id)
        if any(counts.get(status) for status in _OPEN):
            return self.current()
        return finish(self.outrig, sweep, session)


def _may_go(sweep: Sweep, case: SweepCase, now_s: float) -> bool:
    """Tell whether a case has waited long enough; also when the clock was set back meanwhile."""
    longest_s = sweep.options.backoff_s * 2 ** max(0, case.attempt - 2)
    return not now_s < case.due_at <= now_s + longest_s


def task_of(sweep: Sweep, case: SweepCase, variables: Mapping[str, str]) -> Task:
    """Return a case as nodes are told of it: in a directory of its own."""
    own = {"OUTRIG_METRICS_FILE": sweep.metrics_file} if sweep.metrics_file else {}
    return Task(
        id=case.run_id,
        script=case.script,
        variables={
            "OUTRIG_SWEEP": sweep.id,
            "OUTRIG_CASE": str(case.number),
            **variables,
            **own,
        },
        directory=directory_of(sweep, case),
        resources=sweep.options.resources,
        timeout_s=sweep.options.timeout_s,
        apart=(*sweep.outputs, *own.values()),
    )


def directory_of(sweep: Sweep, case: SweepCase) -> str:
    """Return where a case works, below the work directory."""
    return f"{sweep.directory}/{case.number:0{len(str(sweep.size - 1))}d}"


def cancel_on_nodes(
    outrig: Outrig, sweep: Sweep, session: Session, grace_s: float = GRACE_S
) -> None:
    """Ask the nodes to end what they were given and has not ended; harmless when repeated."""
    if session.state is not SessionState.RUNNING:
        return
    cases = outrig.state.sweeps.handed(sweep.id, limit=-1)
    refs = tuple(ref_of(sweep, session, case) for case in cases)
    if refs:
        outrig.runtime.executor(session).cancel(refs, grace_s)
