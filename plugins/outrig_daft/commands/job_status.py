"""`daft job status`"""

from __future__ import annotations

from outrig.api import Command, argument, interruptible
from outrig_daft.commands.running_jobs import CLUSTER_NAME
from outrig_daft.commands.words import CONFIG, KEY, running_cluster
from outrig_daft.jobs import jobs_on
from outrig_ray.api import JOB_COLUMNS

JOB = argument("job-id", "the job's id, as submit printed it", required=False)


class DaftJobStatus(Command):
    """Show how the jobs of a cluster stand."""

    summary = "Show how the jobs of a cluster stand"
    details = "One job, or without an id all, newest first."
    examples = (("daft job status", "all jobs of the cluster of .daft.toml"),)
    arguments = (JOB,)
    options = (CONFIG, CLUSTER_NAME, KEY)
    lists = True

    def handle(self) -> int:
        """Print them."""
        job_id = self.word("job-id")
        with interruptible(self.outrig):
            jobs = jobs_on(self.outrig, running_cluster(self))
            found = jobs.jobs() if job_id is None else [jobs.job(job_id)]
        self.listing(found, JOB_COLUMNS, empty="no jobs")
        return 0
