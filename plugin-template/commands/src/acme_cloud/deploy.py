"""`outrig acme deploy`: the project, as it is now, into a directory.

A command reads its options, calls the engine (`self.outrig`, an `outrig.api.Outrig`) and prints.
Results go to stdout (`self.line`, `self.listing`), notes to stderr (`self.note`).
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from outrig.api import Command, argument, option


class Deploy(Command):
    """Snapshot the project and write that snapshot into a directory."""

    summary = "Put the project into a directory"
    details = (
        "Makes a snapshot of the project, writes it into the directory and prints the snapshot's "
        "name, so that what was deployed can be found and deployed again: outrig snapshot restore."
    )
    examples: ClassVar = (("outrig acme deploy /srv/shop --name v7", "deploy, and remember as v7"),)
    arguments: ClassVar = (argument("directory", "where to"),)
    options: ClassVar = (
        option("name", None, "the snapshot's name (default: a UUID)", value="NAME"),
        option("dry-run", None, "say what would be deployed, and do nothing"),
    )

    def handle(self) -> int:
        """Deploy, and print which snapshot it was."""
        project = self.outrig.project()
        directory = Path(self.word("directory") or ".")
        if self.flag("dry-run"):
            files = self.outrig.snapshots.preview(project).file_count
            self.note(f"would deploy {files} files of {project.name} to {directory}")
            return 0
        snapshot = self.outrig.snapshots.create(
            project, self.outrig.project_id(project), name=self.text("name")
        ).info
        report = self.outrig.snapshots.restore(snapshot, directory, overwrite=True)
        self.note(f"deployed {report.files} files of {project.name} to {directory}")
        self.line(snapshot.name)
        return 0
