"""Following a job at the command line: its output, Ctrl-C, and our exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import interruptible
from outrig.errors import Interrupted, UnreachableError
from outrig_ray.jobs.client import end_of
from outrig_ray.jobs.job import JobStatus
from outrig_ray.jobs.queued import end_queued
from outrig_ray.jobs.tail import Tail

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.api import Command
    from outrig_ray.jobs.client import Jobs
    from outrig_ray.jobs.job import Job

_AGAIN_S = 2.0
_LOOK_S = 0.2


def follow_job(
    command: Command,
    jobs: Jobs,
    job_id: str,
    again: str = "outrig ray job logs -f",
    anew: Callable[[], Jobs] | None = None,
) -> int:
    """Print what a job prints to its end; returns the exit code of its command.

    Ctrl-C leaves the job running, a second one soon after stops it. `again` is the command that
    comes back to it, without its id; `anew` makes another way to the cluster, as one through
    forwards ends with Ctrl-C.
    """
    cancel = command.outrig.cancel
    with interruptible(command.outrig):
        try:
            tail = Tail(jobs, job_id, cancel, command.note)
            for data in tail:
                command.write(data)
            return _told(command, tail.job)
        except Interrupted:
            cancel.expect_again()
            command.note(
                f"detached; it goes on. Come back: {again} {job_id}"
                " (Ctrl-C again within 2 s stops it)"
            )
            if not cancel.asked_again(_AGAIN_S):
                raise
            with cancel.passed_over():
                stop_job(command, jobs if anew is None else anew(), job_id)
            raise
        except UnreachableError as err:
            err.hint = f"it may go on: {again} {job_id}"
            raise


def stop_job(command: Command, jobs: Jobs, job_id: str) -> Job:
    """Ask a job to stop and wait until it has ended."""
    command.note(f"stopping job {job_id}")

    def pause(seconds: float) -> None:
        if command.outrig.cancel.wait(seconds):
            raise Interrupted

    jobs.stop(job_id)
    if jobs.job(job_id).status is JobStatus.PENDING:
        end_queued(jobs, [job_id], pause)
    while not (job := jobs.job(job_id)).status.ended:
        pause(_LOOK_S)
    return job


def _told(command: Command, job: Job) -> int:
    code = end_of(job)
    command.note(f"job {job.id} {job.status.value}")
    return code
