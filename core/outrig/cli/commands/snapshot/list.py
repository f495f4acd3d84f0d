"""`outrig snapshot list`"""

from __future__ import annotations

from outrig.cli.any_style import session_story, snapshot_label
from outrig.cli.choosing import known_session
from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.snapshot_listing import COLUMNS, STORE_OPTION, engine_with_store


class SnapshotList(Command):
    """List the snapshots of the project, or of all projects outside one."""

    summary = "List snapshots, newest first"
    details = (
        "Inside a project its own snapshots are listed, elsewhere all. With --name, the snapshots "
        "that were put on one session and the commands that were run in it are shown."
    )
    examples = (
        ("outrig snapshot list", "the snapshots of this project"),
        ("outrig snapshot list --format id,name,git", "other fields"),
        ("outrig snapshot list --name train", "what session train was given, and ran"),
        ("outrig snapshot list --store backup", "what is kept in another store"),
    )
    options = (
        option("name", "n", "show one session's snapshots and commands", value="SESSION"),
        option("all-projects", None, "list the snapshots of all projects"),
        option("limit", None, "list at most so many", value="N", type=int),
        STORE_OPTION,
    )
    lists = True
    styles = ("any",)

    def handle(self) -> int:
        """Print the list."""
        outrig = engine_with_store(self)
        project = None if self.flag("all-projects") else outrig.here()
        session = self.text("name")
        if session is not None:
            for line in session_story(outrig, known_session(outrig, project, session)):
                self.line(line)
            return 0
        found = outrig.snapshots.list(project, limit=self.value("limit", int))
        if self.output == "any":
            self.line("Project snaphots:" if found else "No snapshots found.")
            for one in found:
                self.line(snapshot_label(one.name, one.created_at))
            return 0
        self.listing(found, COLUMNS, empty="no snapshots")
        return 0
