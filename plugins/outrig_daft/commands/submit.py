"""`daft submit`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import argument
from outrig.errors import NotFoundError, UsageError
from outrig_daft.clusters import wanted
from outrig_daft.commands.running_jobs import CLUSTER_NAME, DIRECTORY, NO_WAIT, RunsJob, Work
from outrig_daft.commands.words import CONFIG, KEY

if TYPE_CHECKING:
    from outrig_daft.clusters import Wanted

MAIN = "main.py"


class DaftSubmit(RunsJob):
    """Send a directory to a cluster and run a command in it there."""

    summary = "Send a directory to a cluster and run a command in it there"
    details = (
        "The directory goes without what .gitignore, .outrigignore and .rayignore leave out, and "
        "only when the cluster does not have it just so. The command runs as a job of Ray's, with "
        "the cluster's Python and what is installed there; without one it is the only [[job]] of "
        "the file, else `python main.py`. What it prints comes here, and the exit code is its own; "
        "125 is a failure of Outrig's, 2 that there is no command. Ctrl-C leaves it running, a "
        "second one within 2 s stops it."
    )
    examples = (
        ("daft submit -i my-keypair.pem -w my-working-director", "its main.py"),
        ("daft submit -w . -- python train.py --lr 0.1", "another command"),
        ("daft submit -w . --no-wait python train.py", "print the job's id and return"),
    )
    arguments = (argument("command", "what to run", required=False, repeat=True),)
    options = (CONFIG, CLUSTER_NAME, KEY, DIRECTORY, NO_WAIT)
    verbatim = True

    def handle(self) -> int:
        """Send it, run it, and return its exit code."""
        which = wanted(self.text("cluster"), self.text("config"))
        return self.run_job(which, self.work(which))

    def work(self, which: Wanted) -> Work:
        """Return what is to be run; raises `UsageError`, which exits with 2: nothing would run."""
        given = self.text("working-dir")
        words = self.argument_words("command")
        directory = Path(given or ".").expanduser()
        jobs = which.file.jobs if which.file is not None else ()
        if not words and len(jobs) == 1:
            words = (jobs[0].command,)
            directory = directory if given else jobs[0].directory
        if not directory.is_dir():
            raise NotFoundError(f"there is no directory {directory}")
        self.runs_commands = bool(words)  # where nothing is told to run, its own code shows
        if not words and len(jobs) > 1:
            names = ", ".join(one.name for one in jobs)
            raise UsageError(
                f"which job? the file has {names}", hint="daft job submit NAME, or give a command"
            )
        if not words and not (directory / MAIN).is_file():
            raise UsageError(
                f"no command was given, and there is no {MAIN} in {directory}",
                hint="daft submit -w DIR -- python FILE.py",
            )
        self.runs_commands = True
        return Work(words=words or ("python", MAIN), directory=directory)
