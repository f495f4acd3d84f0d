"""What commands share that run a job on a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import Command, TerminalObserver, interruptible, option
from outrig_daft.clusters import check_key, running

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig_daft.clusters import Wanted

DIRECTORY = option("working-dir", "w", "the directory to send", value="DIR")
CLUSTER_NAME = option("cluster", None, "the cluster's name, in place of a file", value="NAME")
NO_WAIT = option("no-wait", None, "print the job's id and return at once")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What to run, and in which directory; one word is shell text."""

    words: tuple[str, ...]
    directory: Path


class RunsJob(Command):
    """Runs a job; the exit code is its own."""

    runs_commands = True

    def run_job(self, which: Wanted, work: Work, variables: Mapping[str, str] | None = None) -> int:
        """Run a job and follow it, unless told not to; returns its exit code."""
        from outrig_daft.jobs import AGAIN, jobs_on, submit
        from outrig_ray.api import follow_job

        self.outrig.watch(TerminalObserver(self))
        with interruptible(self.outrig):
            cluster = running(self.outrig, which)
            check_key(self.outrig, cluster, self.text("identity-file"))
            jobs = jobs_on(self.outrig, cluster)
            job_id = submit(self.outrig, cluster, jobs, work.directory, work.words, variables)
            if self.flag("no-wait"):
                self.line(job_id)
                return 0
            self.note(f"Job ID: {job_id}")
            return follow_job(self, jobs, job_id, AGAIN, anew=lambda: jobs_on(self.outrig, cluster))
