"""`outrig run repeat`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.choosing_runs import asked_runs
from outrig.cli.command import Command
from outrig.cli.definition import argument, option
from outrig.cli.invoking import Case
from outrig.cli.starting import StartOptions, start_cases
from outrig.errors import NotFoundError
from outrig.session.requests import NewRun

if TYPE_CHECKING:
    from outrig.model.run import Run
    from outrig.model.snapshot import SnapshotInfo


class RunRepeat(Command):
    """Run the same again."""

    summary = "Run the same again, from the same snapshot, in a new session"
    details = (
        "The snapshot, the command line with its parameters and the environment are those of the "
        "run. Output files come back as after any run."
    )
    examples = (("outrig run repeat 01JD", "the run whose id begins so"),)
    arguments = (argument("run", "the run's id, or its beginning", repeat=True),)
    options = (
        option("name", "n", "the new session's name (default: the project's)", value="NAME"),
        option("dry-run", None, "print what would be done, and do nothing"),
        option("detach", "d", "return when the command has started"),
        option("no-pull", None, "leave the output files in the session"),
    )
    runs_commands = True

    def handle(self) -> int:
        """Start a session like the run's, and run what it ran."""
        session, run = asked_runs(self)[0]
        snapshot = self._snapshot(session.project_id, run)
        project = self.outrig.project_of(snapshot, session.project_root)
        again = NewRun(script=run.script, command=run.command, params=run.params)
        options = StartOptions(
            name=self.text("name"),
            snapshot=snapshot.id,
            provider=session.provider,
            dry_run=self.flag("dry-run"),
            detach=self.flag("detach"),
            pull=not self.flag("no-pull"),
        )
        return start_cases(self, project, [Case(run=again)], options)

    def _snapshot(self, project_id: str, run: Run) -> SnapshotInfo:
        for info in self.outrig.snapshots.list(project_id):
            if info.digest == run.snapshot_digest:
                return info
        raise NotFoundError(f"the snapshot of run {run.id} was deleted")
