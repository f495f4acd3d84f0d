"""`ray job list`"""

from __future__ import annotations

from outrig.api import Command
from outrig_ray.jobs.columns import JOB_COLUMNS
from outrig_ray.jobs.words import CLUSTER_OPTIONS, jobs_of


class RayJobList(Command):
    """List the jobs of a Ray cluster."""

    summary = "List the jobs of a Ray cluster"
    details = "Those that were submitted, newest first; drivers that just connected are not jobs."
    examples = (("ray job list --output json", "for scripts"),)
    options = CLUSTER_OPTIONS
    lists = True

    def handle(self) -> int:
        """Print them."""
        self.listing(jobs_of(self).jobs(), JOB_COLUMNS, empty="no jobs")
        return 0
