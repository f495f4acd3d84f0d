"""`outrig project show`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.cli.project_view import COLUMNS, print_project, view


class ProjectShow(Command):
    """Show the project of the working directory."""

    summary = "Show the project as its file was understood"
    examples = (("outrig project show --output json", "for programs"),)
    lists = True

    def handle(self) -> int:
        """Print it."""
        shown = view(self.outrig, self.outrig.project())
        if self.output == "table" and not self.text("format"):
            print_project(self, shown)
        else:
            self.listing([shown], COLUMNS)
        return 0
