"""Runs as jobs of a Ray cluster, which queues and places them."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from outrig.api import (
    LogPart,
    RunRef,
    RunState,
    RunStatus,
    WithExecution,
    WithMetrics,
)
from outrig.errors import ConflictError, NotFoundError
from outrig_ray.engine.asking import job_of_task, read_end, state_of
from outrig_ray.engine.cluster import LOOK_S
from outrig_ray.engine.held import Held, Shelf, Waiting
from outrig_ray.engine.node.place import PIECE
from outrig_ray.engine.packages import Packages
from outrig_ray.jobs.job import JobStatus
from outrig_ray.jobs.queued import end_queued

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from outrig.api import Context, ExecuteRequest, Settings, Stream
    from outrig_ray.jobs.job import Job

_FEW = 4
"""So many jobs are asked about one by one, more in one list."""
_OUTPUT_S = 0.3
"""How long a run that prints is waited for before somebody looks at its output."""


class RunsAsJobs(Packages, WithExecution, WithMetrics):
    """Gives `sync`, `execute` and what looks after runs."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._jobs_seen: dict[str, Job] = {}
        self._ends: dict[str, RunState] = {}

    def execute(self, request: ExecuteRequest, context: Context) -> tuple[RunRef, ...]:
        """Hand runs to Ray, as many as the cap lets; the others follow when somebody looks."""
        context.check_cancelled()
        shelf = Shelf(request.session_id)
        digest = None if request.environment is None else request.environment.digest
        with shelf.change() as held:
            self.put_package(shelf, held)
            asked = [
                job_of_task(request.session_id, one, held, self.own, digest).body()
                for one in request.tasks
            ]
            cap = min(request.cap or self.own.at_once, self.own.at_once)
            group = request.group or request.tasks[0].id if request.tasks else ""
            batch = held.waiting.setdefault(group, Waiting(cap=cap, jobs=[], open=[]))
            batch.cap = cap
            known = {one["submission_id"] for one in batch.jobs} | set(batch.open)
            fresh = [one for one in asked if one["submission_id"] not in known]
            batch.jobs = [*fresh, *batch.jobs] if request.priority else [*batch.jobs, *fresh]
            self._hand_over(held)
        node = request.nodes[0]
        return tuple(
            RunRef(id=one.id, session_id=request.session_id, node=node) for one in request.tasks
        )

    def _hand_over(self, held: Held) -> None:
        for group, batch in list(held.waiting.items()):
            while batch.jobs and len(batch.open) < batch.cap:
                body = batch.jobs[0]
                with suppress(ConflictError):  # it was handed over before, and has begun once
                    self.jobs.submit_body(body)
                batch.open.append(str(body["submission_id"]))
                del batch.jobs[0]
            if not batch.jobs and not batch.open:
                del held.waiting[group]

    def _go_on(self, session_ids: Iterable[str]) -> None:
        """Hand over runs that wait here, as far as others of their batch have ended."""
        for one in session_ids:
            shelf = Shelf(one)
            try:
                waiting = shelf.read().waiting
            except NotFoundError:
                continue
            if not any(batch.jobs for batch in waiting.values()):
                continue
            going = {job.id for job in self._listed() if not job.status.ended}
            with shelf.change() as held:
                for batch in held.waiting.values():
                    batch.open = [name for name in batch.open if name in going]
                self.put_package(shelf, held)
                self._hand_over(held)

    def observe(self, refs: tuple[RunRef, ...]) -> tuple[RunState, ...]:
        """Ask Ray how runs stand."""
        self._go_on({one.session_id for one in refs})
        unknown = [one for one in refs if one.id not in self._ends]
        listed = {one.id: one for one in self._listed()} if len(unknown) > _FEW else None
        now: dict[str, RunState] = {}
        for ref in unknown:
            job = self._job(ref.id) if listed is None else listed.get(ref.id)
            now[ref.id] = self._unasked(ref) if job is None else self._state(ref, job)
        self._ends.update({name: state for name, state in now.items() if state.status.ended})
        return tuple(self._ends.get(one.id) or now[one.id] for one in refs)

    def _state(self, ref: RunRef, job: Job) -> RunState:
        self._jobs_seen[job.id] = job
        if not job.status.ended or job.node_id is None:
            return state_of(job, None)
        end = self.patiently(lambda: self._own_file(job, ref.session_id, "end.json"))
        state = state_of(job, read_end(end))
        if state.status is RunStatus.LOST and job.id in _cancelled(ref.session_id):
            return RunState(id=job.id, status=RunStatus.CANCELLED, reason="cancelled")
        return state

    def _own_file(self, job: Job, session_id: str, name: str) -> bytes | None:
        """Return a file that the program on the node wrote for a run; `None`: it is not there."""
        if job.node_id is None:
            return None
        return self.jobs.read_file(job.node_id, f"outrig/{session_id}/r/{job.id}/{name}")

    def _unasked(self, ref: RunRef) -> RunState:
        """Return how a run stands that Ray does not know."""
        try:
            held = Shelf(ref.session_id).read()
        except NotFoundError:
            held = Held()
        waiting = {one["submission_id"] for batch in held.waiting.values() for one in batch.jobs}
        if ref.id in waiting:
            return RunState(id=ref.id, status=RunStatus.QUEUED)
        if ref.id in held.cancelled:
            return RunState(id=ref.id, status=RunStatus.CANCELLED, reason="cancelled")
        return RunState(id=ref.id, status=RunStatus.LOST, reason="Ray does not know this run")

    def _listed(self) -> list[Job]:
        return self.patiently(self.jobs.jobs)

    def _job(self, job_id: str) -> Job | None:
        try:
            return self.patiently(lambda: self.jobs.job(job_id))
        except NotFoundError:
            return None

    def read_log(self, ref: RunRef, stream: Stream, offset: int, max_bytes: int) -> LogPart:
        """Read the piece of the output that `offset` lies in."""
        state = self._ends.get(ref.id) or self.observe((ref,))[0]
        job = self._jobs_seen.get(ref.id)
        name = f"{stream.value}.{offset // PIECE}"
        data = b""
        if job is not None:
            data = self.patiently(lambda: self._own_file(job, ref.session_id, name)) or b""
        begin = offset % PIECE
        part = data[begin : begin + max_bytes]
        return LogPart(data=part, offset=offset, ended=not part and state.status.ended)

    def cancel(self, refs: tuple[RunRef, ...], grace_s: float) -> None:  # noqa: ARG002
        """End runs: TERM, and KILL after 5 s, whatever `grace_s` says: Ray hands on no time."""
        by_session: dict[str, list[str]] = {}
        for ref in refs:
            by_session.setdefault(ref.session_id, []).append(ref.id)
        for session_id, ids in by_session.items():
            with Shelf(session_id).change() as held:
                held.cancelled = [*held.cancelled, *ids]
                for batch in held.waiting.values():
                    batch.jobs = [one for one in batch.jobs if one["submission_id"] not in ids]
        self.stop_jobs([job for ref in refs if (job := self._job(ref.id)) is not None])

    def stop_jobs(self, jobs: Sequence[Job]) -> None:
        """Ask jobs to end, also those that Ray has not placed yet."""
        going = [one for one in jobs if not one.status.ended]
        for one in going:
            self.jobs.stop(one.id)
        queued = [one.id for one in going if one.status is JobStatus.PENDING]
        if queued:
            end_queued(self.jobs, queued, self.attendant.pause)

    def wait(self, refs: tuple[RunRef, ...], timeout_s: float) -> tuple[RunState, ...]:
        """Look until a run stands otherwise than before; one that runs may have printed."""
        before = {one.id: self._jobs_seen.get(one.id) for one in refs}
        begin = time.monotonic()
        while True:
            states = self.observe(refs)
            passed = time.monotonic() - begin
            changed = any(self._jobs_seen.get(one.id) != before[one.id] for one in refs)
            prints = any(one.status is RunStatus.RUNNING for one in states)
            ended = all(one.status.ended for one in states)
            if ended or changed or passed >= timeout_s or (prints and passed >= _OUTPUT_S):
                return states
            self.attendant.pause(LOOK_S)

    def read_metrics(self, refs: tuple[RunRef, ...]) -> Mapping[str, bytes]:
        """Return what runs measured of themselves."""
        self.observe(refs)
        found: dict[str, bytes] = {}
        for ref in refs:
            job = self._jobs_seen.get(ref.id)
            data = None if job is None else self._own_file(job, ref.session_id, "metrics")
            if data:
                found[ref.id] = data
        return found


def _cancelled(session_id: str) -> list[str]:
    try:
        return Shelf(session_id).read().cancelled
    except NotFoundError:
        return []
