"""Works on the cases of a `run` with ranges: each has a session of its own.

Whoever holds the lock drives, any other process looks at the records and at the output that is
kept. What is about to be done is recorded first, so that another driver can go on anywhere.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import RunStatus, exit_code
from outrig.errors import ConflictError, Interrupted, OutrigError, RemoteError
from outrig_backendai.compute.background import schedule
from outrig_backendai.compute.record import SessionStatus
from outrig_backendai.directory.executions import CaseRecord, CaseStatus
from outrig_backendai.execution.job import Job, begin, script_of
from outrig_backendai.execution.keeping import execution_home

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.api import Run, Session
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute
    from outrig_backendai.directory.executions import Execution
    from outrig_backendai.execution.keeping import Keeping

MOST_AT_ONCE = 64
"""So many sessions of one `run` are worked in at once; what is beyond waits in the queue."""
_LOOK_S = 0.25
_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.5


class Driver:
    """Works on one execution in this process, until all its cases are over."""

    def __init__(self, compute: Compute, execution: Execution, keeping: Keeping) -> None:
        self._compute, self._execution, self._keeping = compute, execution, keeping
        self._home = execution_home(compute.directory.state_directory, execution.id)
        self._cancelled, self._over = threading.Event(), threading.Event()
        self._running: dict[int, tuple[Session, Run]] = {}
        self._scheduling = threading.Thread(target=self._schedule, daemon=True)
        self._starting: set[int] = set()
        self._asked = threading.Event()
        self._idle: deque[str] = deque()
        """The sessions of cases that have ended, which may give their room to others."""

    def drive(self) -> None:
        """Work on all cases; raises `Interrupted`."""
        cases = self._compute.directory.executions.cases(self._execution.id)
        left = [one for one in cases if not one.status.over]
        self._idle.extend(one.session_id for one in cases if one.status.over and one.session_id)
        cap = self._execution.request.cap
        threading.Thread(target=self._look, daemon=True).start()
        self._scheduling.start()
        try:
            if cap is None and len(left) > MOST_AT_ONCE:
                left = [self._safely(self._asked_for, one) for one in left]
            with ThreadPoolExecutor(min(cap or MOST_AT_ONCE, MOST_AT_ONCE)) as pool:
                list(pool.map(lambda one: self._safely(self._work, one), left))
        finally:
            self._over.set()
        self._compute.directory.executions.end(self._execution.id)
        for file in self._execution.request.files:
            Path(file.here).unlink(missing_ok=True)

    def close(self) -> None:
        """Wait until sessions of others are started that are just being started here."""
        if self._scheduling.ident is not None:
            self._scheduling.join()

    def _look(self) -> None:
        """Heed the user's wish to end it all, whichever process heard it."""
        while not self._over.wait(_LOOK_S):
            now = self._compute.directory.executions.get(self._execution.id)
            if now is None or now.cancelled:
                self._cancelled.set()
                for session, run in list(self._running.values()):
                    self._compute.outrig.cancel_runs(session, [run])

    def _schedule(self) -> None:
        """Start sessions that wait, unless another process does."""
        while not self._over.is_set():
            if not self._starting:
                self._asked.wait(_LONGEST_PAUSE_S)
                self._asked.clear()
                continue
            try:
                schedule(self._compute)
            except Interrupted:
                return
            except OutrigError as err:
                self._compute.outrig.observer.notice(str(err))
            self._over.wait(_FIRST_PAUSE_S)

    def _safely(self, step: Callable[[CaseRecord], CaseRecord], record: CaseRecord) -> CaseRecord:
        """Take a step; what fails is how the case ends."""
        try:
            return step(record)
        except Interrupted:
            raise
        except OutrigError as err:
            return self._change(record, status=CaseStatus.FAILED, reason=str(err))

    def _change(self, record: CaseRecord, **fields: object) -> CaseRecord:
        number = record.case.number
        return self._compute.directory.executions.change(
            self._execution.id,
            number,
            lambda one: replace(one, **fields),  # type: ignore[arg-type]
        )

    def _work(self, record: CaseRecord) -> CaseRecord:
        if record.status.over:
            return record
        if self._cancelled.is_set():
            return self._change(record, status=CaseStatus.CANCELLED)
        record = self._asked_for(record)
        self._starting.add(record.case.number)
        self._asked.set()
        try:
            session = self._started(record)
        finally:
            self._starting.discard(record.case.number)
        if session is None:
            return self._change(record, status=CaseStatus.CANCELLED)
        try:
            return self._executed(record, session)
        finally:
            if self._execution.request.remove:
                self._compute.end(session)
            else:
                self._idle.append(session.id)

    def _asked_for(self, record: CaseRecord) -> CaseRecord:
        """Ask for a case's session, unless it has one."""
        if record.status.over or record.session_id is not None:
            return record
        wanted = self._execution.request.session
        again = record.status is CaseStatus.STARTING  # whoever did so may have asked already
        record = self._change(record, status=CaseStatus.STARTING)
        created = self._compute.create(
            replace(
                wanted,
                name=record.name,
                environ=record.case.environ,
                reuse=wanted.reuse or again,
            )
        )
        return self._change(record, session_id=created.session.id)

    def _started(self, record: CaseRecord) -> ComputeSession | None:
        """Wait for a case's session; `None` when the user ended it meanwhile."""
        compute, pause_s = self._compute, _FIRST_PAUSE_S
        limit_s = self._execution.request.max_wait_s
        deadline = None if limit_s is None else time.monotonic() + limit_s
        session = compute.directory.sessions.get(record.session_id or "")
        while session is not None and not session.status.running:
            if self._cancelled.is_set():
                compute.end(session, forced=True)
                return None
            _check(session)
            if deadline is not None and time.monotonic() >= deadline:
                raise RemoteError(
                    f"session {session.id} has not started after {limit_s:g} s; it stays in the"
                    " queue"
                )
            if pause_s == _LONGEST_PAUSE_S and session.status is SessionStatus.PENDING:
                self._make_room()
            compute.outrig.cancel.wait(pause_s)
            compute.outrig.cancel.check()
            if not self._scheduling.is_alive():
                raise RemoteError("what starts sessions has failed", hint="see bai-run.log")
            pause_s = min(pause_s * 1.3, _LONGEST_PAUSE_S)
            session = compute.directory.sessions.get(session.id)
        return session

    def _make_room(self) -> None:
        """End the session of a case that has ended, as another case has waited for some time.

        Else it would wait until that one has been idle for long.
        """
        with suppress(IndexError):
            idle = self._compute.directory.sessions.get(self._idle.popleft())
            if idle is not None and idle.status.running:
                self._compute.end(idle)

    def _executed(self, record: CaseRecord, session: ComputeSession) -> CaseRecord:
        outrig_session = self._compute.outrig_session(session)
        run = self._begun(record, session, outrig_session)
        record = self._change(record, run_id=run.id)
        self._running[record.case.number] = outrig_session, run
        try:
            with self._keeping.of(outrig_session, self._home, record.name):
                run = self._compute.outrig.follow(outrig_session, [run])[0]
        finally:
            del self._running[record.case.number]
        status = CaseStatus.CANCELLED if self._cancelled.is_set() else CaseStatus.ENDED
        return self._change(
            record, status=status, exit_code=exit_code(run), reason=run.state.reason
        )

    def _begun(self, record: CaseRecord, session: ComputeSession, there: Session) -> Run:
        """Start a case's run, or find the one that a driver which died had started."""
        mark = {"case": f"{self._execution.id}/{record.case.number}"}
        if record.status is CaseStatus.EXECUTING:
            for run in self._compute.outrig.refresh(there):
                if run.params == mark and run.state.status is not RunStatus.LOST:
                    return run  # a lost one never reached its node
        request, case = self._execution.request, record.case
        job = Job(
            code=request.code,
            files=request.files,
            clean=request.clean,
            build=case.build,
            exec=case.exec,
            environ=case.environ,
        )
        script = script_of(self._compute, session, job)
        self._change(record, status=CaseStatus.EXECUTING)
        return begin(self._compute, session, script, mark=mark)


def _check(session: ComputeSession) -> None:
    """Raise the error of a session that will not start any more."""
    if session.status.ended or session.status is SessionStatus.ERROR:
        why = f": {session.status_info}" if session.status_info else ""
        raise ConflictError(f"session {session.id} is {session.status.value}{why}")
