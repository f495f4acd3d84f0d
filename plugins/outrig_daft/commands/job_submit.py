"""`daft job submit`"""

from __future__ import annotations

from pathlib import Path

from outrig.api import argument
from outrig.errors import NotFoundError
from outrig_daft.clusters import wanted
from outrig_daft.commands.running_jobs import DIRECTORY, NO_WAIT, RunsJob, Work
from outrig_daft.commands.words import CONFIG, FILE, KEY


class DaftJobSubmit(RunsJob):
    """Run a job of a Daft file."""

    summary = "Run a job of a Daft file on its cluster"
    details = (
        "A job is a [[job]] of the file: a command, and the directory that it runs in. What it "
        "prints comes here, and the exit code is its own; 125 is a failure of Outrig's."
    )
    examples = (("daft job submit example-job", "a job of .daft.toml"),)
    arguments = (argument("job", "the job's name"), FILE)
    options = (CONFIG, KEY, DIRECTORY, NO_WAIT)

    def handle(self) -> int:
        """Run it, and return its exit code."""
        which = wanted(self.word("file"), self.text("config"))
        if which.file is None:
            raise NotFoundError(f"there is no file {which.name}")
        job = which.file.job(self.word("job") or "")
        given = self.text("working-dir")
        directory = Path(given).expanduser() if given else job.directory
        return self.run_job(which, Work(words=(job.command,), directory=directory))
