"""`daft job logs`"""

from __future__ import annotations

from outrig.api import Command, argument, interruptible, option
from outrig_daft.commands.running_jobs import CLUSTER_NAME
from outrig_daft.commands.words import CONFIG, KEY, running_cluster
from outrig_daft.jobs import AGAIN, jobs_on
from outrig_ray.api import follow_job


class DaftJobLogs(Command):
    """Print what a job has printed."""

    summary = "Print what a job has printed"
    details = (
        "With --follow what it prints until it ends, also over connections that break; the exit "
        "code is then the job's own."
    )
    examples = (("daft job logs -f raysubmit_1a2b3c", "to its end"),)
    arguments = (argument("job-id", "the job's id, as submit printed it"),)
    options = (CONFIG, CLUSTER_NAME, KEY, option("follow", "f", "go on until the job ends"))
    runs_commands = True

    def handle(self) -> int:
        """Print it."""
        job_id = self.word("job-id") or ""
        with interruptible(self.outrig):
            cluster = running_cluster(self)
            jobs = jobs_on(self.outrig, cluster)
            if self.flag("follow"):
                return follow_job(
                    self, jobs, job_id, AGAIN, anew=lambda: jobs_on(self.outrig, cluster)
                )
            self.write(jobs.log(jobs.job(job_id)))
        return 0
