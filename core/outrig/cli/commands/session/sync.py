"""`outrig session sync`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.choosing import NAME_ARGUMENT, NAME_OPTION, asked_sessions
from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.running import Outcome, TerminalObserver, each, finish, interruptible

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.model.session import Session
    from outrig.model.snapshot import SnapshotInfo


class SessionSync(Command):
    """Put a snapshot on running sessions."""

    summary = "Put a snapshot on sessions"
    details = (
        "Without --snapshot-name a snapshot of the project as it is now is made first. Files that "
        "an earlier sync put there and that are gone are removed; what runs made stays, unless "
        "--clean removes it."
    )
    examples = (
        ("outrig session sync", "bring the session used last up to date"),
        ('outrig session sync --name "train-*" --snapshot-name v1', "several, to one snapshot"),
    )
    arguments = (NAME_ARGUMENT,)
    options = (
        NAME_OPTION,
        option("snapshot-name", "s", "the snapshot to put there", value="NAME"),
        option("clean", None, "remove files that runs made, too"),
    )

    def handle(self) -> int:
        """Sync what was named."""
        sessions = asked_sessions(self)
        observer = TerminalObserver(self, prefix=len(sessions) > 1)
        self.outrig.watch(observer)
        with interruptible(self.outrig):
            snapshot = self._snapshot()
            names = [session.name for session in sessions]
            outcomes = each(names, [self._one(session, snapshot) for session in sessions])
        return finish(outcomes, runs_commands=False)

    def _snapshot(self) -> SnapshotInfo:
        outrig, name = self.outrig, self.text("snapshot-name")
        project = outrig.project()
        project_id = outrig.project_id(project)
        if name is not None:
            return outrig.snapshots.resolve(project_id, name)
        return outrig.snapshots.create(project, project_id).info

    def _one(self, session: Session, snapshot: SnapshotInfo) -> Callable[[], Outcome]:
        def sync() -> Outcome:
            clean = self.flag("clean")
            return Outcome(session=self.outrig.sync(session, snapshot, clean=clean))

        return sync
