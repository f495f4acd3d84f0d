"""`outrig project list`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.any_style import stamp
from outrig.cli.command import Command
from outrig.cli.listing import Column

if TYPE_CHECKING:
    from outrig.state.projects import KnownProject

COLUMNS: tuple[Column[KnownProject], ...] = (
    Column("name", lambda one: one.name),
    Column("created", lambda one: one.created_at),
    Column("root", lambda one: str(one.root)),
    Column("id", lambda one: one.id, shown=False),
)


class ProjectList(Command):
    """List the projects that Outrig has worked with."""

    summary = "List the projects Outrig has worked with, newest first"
    examples = (("outrig project list --output json", "with their ids"),)
    lists = True
    styles = ("any",)

    def handle(self) -> int:
        """Print the listing."""
        projects = self.outrig.projects()
        if self.output != "any":
            self.listing(projects, COLUMNS, empty="no projects")
            return 0
        self.line("Projects:")
        for one in projects:
            self.line(f" Project(name={one.name} created_at={stamp(one.created_at)})")
        return 0
