"""`outrig project create`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.cli.definition import argument, option
from outrig.cli.terminal import one_line
from outrig.project.create import (
    CreatedProject,
    CreateForm,
    CreateRequest,
    create_project,
    register_project,
)
from outrig.project.location import project_at, working_directory


class ProjectCreate(Command):
    """Make the working directory a project."""

    summary = "Make this directory a project"
    details = (
        "Writes outrig.yaml, and beside it cluster.yaml (for this computer) and requirements.txt "
        "where none are given. Nothing is ever overwritten. In a directory that has a project file "
        "already, and without NAME, only an id is given to the project, so that it stays the same "
        "project when the directory moves."
    )
    examples = (
        ("outrig project create", "named like the directory"),
        ("outrig project create mine --requirements deps.txt", "with requirements that are there"),
    )
    arguments = (argument("name", "the project's name (default: the directory's)", required=False),)
    options = (
        option("cluster-yaml", None, "use this cluster file", value="FILE"),
        option("requirements", None, "use this requirements file", value="FILE"),
    )

    def handle(self) -> int:
        """Write the files, or the id alone."""
        root = working_directory()
        name = self.word("name")
        as_any = self.route_style == "any"
        given = self.text("cluster-yaml") or self.text("requirements")
        if name is None and not given and (as_any or project_at(root) is not None):
            register_project(root)
            project = self.outrig.project(root)
            self.outrig.project_id(project)
            self.note(f'registered project "{one_line(project.name)}"')
            return 0
        created = create_project(
            CreateRequest(
                root=root,
                name=root.name if name is None else name,
                form=CreateForm.ANY if as_any else CreateForm.OUTRIG,
                cluster_yaml=self.text("cluster-yaml"),
                requirements=self.text("requirements"),
            )
        )
        self._report(created)
        return 0

    def _report(self, created: CreatedProject) -> None:
        project = self.outrig.project(created.root)
        self.outrig.project_id(project)
        for note in created.notes:
            self.note(note)
        self.note(f'created project "{one_line(created.name)}": {", ".join(sorted(created.files))}')
        self.note(f"next: {self.tool} session start {project.commands[0].name}")
