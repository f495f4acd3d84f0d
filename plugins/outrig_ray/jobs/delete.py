"""`ray job delete`"""

from __future__ import annotations

from outrig.api import Command
from outrig_ray.jobs.words import CLUSTER_OPTIONS, JOB, jobs_of


class RayJobDelete(Command):
    """Let a cluster forget a job that has ended."""

    summary = "Let a Ray cluster forget a job that has ended"
    details = "Its log stays among those of the node it ran on."
    examples = (("ray job delete raysubmit_1a2b3c", "one that has ended"),)
    arguments = (JOB,)
    options = CLUSTER_OPTIONS

    def handle(self) -> int:
        """Delete it."""
        job_id = self.word("job-id") or ""
        jobs_of(self).delete(job_id)
        self.note(f"job {job_id} deleted")
        return 0
