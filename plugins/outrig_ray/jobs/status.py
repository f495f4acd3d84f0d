"""`ray job status`"""

from __future__ import annotations

from outrig.api import Command
from outrig_ray.jobs.words import CLUSTER_OPTIONS, JOB, jobs_of


class RayJobStatus(Command):
    """Print how a job stands."""

    summary = "Print how a Ray job stands"
    details = (
        "PENDING, RUNNING, SUCCEEDED, FAILED or STOPPED on stdout; what Ray says of it on stderr."
    )
    examples = (("ray job status raysubmit_1a2b3c", "PENDING until Ray has placed it"),)
    arguments = (JOB,)
    options = CLUSTER_OPTIONS

    def handle(self) -> int:
        """Print it."""
        job = jobs_of(self).job(self.word("job-id") or "")
        self.line(job.status.value)
        if job.message:
            self.note(job.message.rstrip("\n"))
        return 0
