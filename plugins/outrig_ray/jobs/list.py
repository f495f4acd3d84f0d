"""`ray job list`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Column, Command
from outrig_ray.jobs.words import CLUSTER_OPTIONS, jobs_of

if TYPE_CHECKING:
    from outrig_ray.jobs.job import Job


class RayJobList(Command):
    """List the jobs of a Ray cluster."""

    summary = "List the jobs of a Ray cluster"
    details = "Those that were submitted, newest first; drivers that just connected are not jobs."
    examples = (("ray job list --output json", "for scripts"),)
    options = CLUSTER_OPTIONS
    lists = True

    def handle(self) -> int:
        """Print them."""
        self.listing(jobs_of(self).jobs(), _COLUMNS, empty="no jobs")
        return 0


_COLUMNS: tuple[Column[Job], ...] = (
    Column("id", lambda one: one.id),
    Column("status", lambda one: one.status.value),
    Column("exit", lambda one: one.exit_code),
    Column("submitted", lambda one: one.submitted_at),
    Column("ended", lambda one: one.ended_at),
    Column("entrypoint", lambda one: one.entrypoint),
)
