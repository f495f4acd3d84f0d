"""`ray job stop`"""

from __future__ import annotations

from outrig.api import Command, interruptible, option
from outrig_ray.jobs.following import stop_job
from outrig_ray.jobs.words import CLUSTER_OPTIONS, JOB, jobs_of


class RayJobStop(Command):
    """End a job."""

    summary = "End a Ray job"
    details = (
        "Its command gets TERM, and KILL after 3 s (RAY_JOB_STOP_WAIT_TIME_S in its environment). "
        "A job that has ended already is success."
    )
    examples = (("ray job stop raysubmit_1a2b3c", "wait until it has ended"),)
    arguments = (JOB,)
    options = (*CLUSTER_OPTIONS, option("no-wait", None, "do not wait for its end"))

    def handle(self) -> int:
        """Stop it, and say how it stands then."""
        jobs, job_id = jobs_of(self), self.word("job-id") or ""
        with interruptible(self.outrig):
            if self.flag("no-wait"):
                jobs.stop(job_id)
                job = jobs.job(job_id)
            else:
                job = stop_job(self, jobs, job_id)
        self.line(job.status.value)
        return 0
