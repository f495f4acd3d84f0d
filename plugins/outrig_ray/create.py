"""`ray project create`"""

from __future__ import annotations

from pathlib import Path

from outrig.api import Command, CreateForm, CreateRequest, argument, create_project, option


class RayProjectCreate(Command):
    """Create a Ray project in the working directory."""

    summary = "Create a project.yaml and a cluster.yaml in this directory"
    details = (
        "Writes .rayproject/project.yaml, cluster.yaml (for this computer) and requirements.txt. "
        "Given files are used where they are. Nothing is ever overwritten."
    )
    examples = (("ray project create my-project", "then: ray session start"),)
    arguments = (argument("project-name", "the project's name"),)
    options = (
        option("cluster-yaml", None, "use this cluster file", value="FILE"),
        option("requirements", None, "use this requirements file", value="FILE"),
    )

    def handle(self) -> int:
        """Write the files, and say which defaults were taken."""
        created = create_project(
            CreateRequest(
                root=Path.cwd(),
                name=self.word("project-name") or "",
                form=CreateForm.RAY,
                cluster_yaml=self.text("cluster-yaml"),
                requirements=self.text("requirements"),
            )
        )
        self.outrig.project_id(self.outrig.project(created.root))
        for note in created.notes:
            self.note(note)
        self.note(f'created project "{created.name}": {", ".join(sorted(created.files))}')
        return 0
