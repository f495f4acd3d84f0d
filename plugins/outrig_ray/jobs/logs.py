"""`ray job logs`"""

from __future__ import annotations

from outrig.api import Command, option
from outrig_ray.jobs.following import follow_job
from outrig_ray.jobs.words import CLUSTER_OPTIONS, JOB, jobs_of


class RayJobLogs(Command):
    """Print what a job has printed."""

    summary = "Print what a Ray job has printed"
    details = (
        "With --follow what it prints until it ends, also over connections that break; the exit "
        "code is then the job's own. Ctrl-C leaves the job running."
    )
    examples = (("ray job logs -f raysubmit_1a2b3c", "to its end"),)
    arguments = (JOB,)
    options = (*CLUSTER_OPTIONS, option("follow", "f", "go on until the job ends"))
    runs_commands = True

    def handle(self) -> int:
        """Print it."""
        jobs, job_id = jobs_of(self), self.word("job-id") or ""
        if self.flag("follow"):
            return follow_job(self, jobs, job_id, anew=lambda: jobs_of(self))
        self.write(jobs.log(jobs.job(job_id)))
        return 0
