"""`outrig project validate`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.amounts import counted
from outrig.cli.command import Command
from outrig.cli.project_view import print_project, view
from outrig.cli.terminal import one_line
from outrig.project.compute import check_clusters

if TYPE_CHECKING:
    from outrig.model.project import Project


class ProjectValidate(Command):
    """Check the project's files."""

    summary = "Check the project file and what it names"
    details = (
        "All errors are shown at once, each with its line and column. What is allowed but may not "
        "be meant is a warning. --verbose shows the project as it was understood."
    )
    examples = (("outrig project validate", "nothing but a note when all is well"),)

    def handle(self) -> int:
        """Read it all, and say so."""
        project = self.outrig.project()
        check_clusters(project)
        for notice in project.notices:
            self.warn(notice)
        if self.verbosity:
            print_project(self, view(self.outrig, project))
        self.note(self.verdict(project))
        return 0

    def verdict(self, project: Project) -> str:
        """Return what is said of a project with nothing wrong; for command sets."""
        if self.route_style == "any":
            return "Project files validated!"
        commands = counted(len(project.commands), "command")
        return f'{project.file.name} is valid: project "{one_line(project.name)}", {commands}'
