"""`outrig project validate`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.cli.project_view import print_project, view
from outrig.project.compute import check_clusters


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
        if self.route_style == "any":
            self.note("Project files validated!")
        else:
            count = len(project.commands)
            commands = f"{count} command{'' if count == 1 else 's'}"
            self.note(f'{project.file.name} is valid: project "{project.name}", {commands}')
        return 0
