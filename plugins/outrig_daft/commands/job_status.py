"""`daft job status`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Column, Command, argument, interruptible
from outrig_daft.commands.running_jobs import CLUSTER_NAME
from outrig_daft.commands.words import CONFIG, KEY, running_cluster
from outrig_daft.jobs import jobs_on

if TYPE_CHECKING:
    from outrig_ray.api import Job

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
        self.listing(found, _COLUMNS, empty="no jobs")
        return 0


_COLUMNS: tuple[Column[Job], ...] = (
    Column("id", lambda one: one.id),
    Column("status", lambda one: one.status.value),
    Column("exit", lambda one: one.exit_code),
    Column("submitted", lambda one: one.submitted_at),
    Column("ended", lambda one: one.ended_at),
    Column("command", lambda one: one.entrypoint),
)
