"""The projects that an engine works with: the one around a directory, and all it knows of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from outrig.errors import ProjectError

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.model.project import Command, Project
    from outrig.model.snapshot import SnapshotInfo
    from outrig.session.library import Library
    from outrig.state.projects import KnownProject
    from outrig.state.state import State


class WithProjects(ABC):
    """Gives an engine what it is asked about projects; parts are imported when first used."""

    @property
    @abstractmethod
    def state(self) -> State:
        """The records."""

    @property
    @abstractmethod
    def snapshots(self) -> Library:
        """The snapshots."""

    def project(self, start: Path | None = None) -> Project:
        """Return the project that `start` (default: the working directory) lies in.

        Raises `ProjectError` when there is none, or when its file is wrong.
        """
        from outrig.project.location import find_project, working_directory
        from outrig.project.reading import load_project

        here = start or working_directory()
        location = find_project(here)
        if location is None:
            raise ProjectError(
                f"there is no project in {here} or above", hint="make one: outrig project create"
            )
        project = load_project(location)
        if project.store is not None:
            self.snapshots.prefer(project.store)
        return project

    def project_id(self, project: Project) -> str:
        """Return a project's identity, and remember the project."""
        from outrig.project.identity import root_identity
        from outrig.session.runtime import utc_now
        from outrig.state.projects import KnownProject

        identity = root_identity(project.root)
        self.state.projects.register(
            KnownProject(id=identity, name=project.name, root=project.root, created_at=utc_now())
        )
        return identity

    def here(self, start: Path | None = None) -> str | None:
        """Return the identity of the project around `start`, without reading it; `None` outside."""
        from outrig.project.identity import root_identity
        from outrig.project.location import find_project, working_directory

        location = find_project(start or working_directory())
        return None if location is None else root_identity(location.root)

    def projects(self) -> list[KnownProject]:
        """Return the projects Outrig has worked with, newest first."""
        return self.state.projects.all()

    def project_of(self, snapshot: SnapshotInfo, root: Path) -> Project:
        """Return the project as the snapshot's own project file describes it."""
        from outrig.session.projects import project_in

        return project_in(self.snapshots.reader(snapshot), root)

    def provider_names(self, project: Project, command: Command | None = None) -> tuple[str, ...]:
        """Return the providers a project, or its command, runs on when nothing else is asked.

        The first of them that has capacity is taken.
        """
        from outrig.session.projects import compute_for

        return compute_for(project, command, {}).providers
