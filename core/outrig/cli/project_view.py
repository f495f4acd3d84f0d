"""A project as `project show` prints it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from outrig.cli.listing import Column
from outrig.cli.terminal import one_line
from outrig.errors import UsageError
from outrig.model.project import Compute, Project

if TYPE_CHECKING:
    from outrig.cli.command import Command
    from outrig.engine import Outrig


# Without slots, as `Column[ProjectView]` needs it; see `outrig.cli.listing`
@dataclass(frozen=True, kw_only=True)
class ProjectView:
    """A project, its identity, and where it runs (`None` where a cluster parameter decides)."""

    project: Project
    id: str
    compute: Compute | None


COLUMNS: tuple[Column[ProjectView], ...] = (
    Column("name", lambda one: one.project.name),
    Column("id", lambda one: one.id),
    Column("root", lambda one: str(one.project.root)),
    Column("file", lambda one: str(one.project.file)),
    Column("form", lambda one: one.project.form),
    Column("description", lambda one: one.project.description or None),
    Column("repo", lambda one: one.project.repo),
    Column("documentation", lambda one: one.project.documentation),
    Column("tags", lambda one: one.project.tags),
    Column("cluster", lambda one: one.project.cluster.config if one.project.cluster else None),
    Column("provider", lambda one: ",".join(one.compute.providers) if one.compute else None),
    Column("count", lambda one: one.compute.count if one.compute else None),
    Column("resources", lambda one: _stated(one.compute.resources) if one.compute else None),
    Column("runtime", lambda one: str(one.project.runtime) if one.project.runtime else None),
    Column("environment", lambda one: _stated(one.project.environment)),
    Column("commands", lambda one: [command.name for command in one.project.commands]),
    Column("output_files", lambda one: one.project.output_files),
    Column("metrics_file", lambda one: one.project.metrics_file),
    Column("prefix", lambda one: one.project.prefix),
    Column("store", lambda one: one.project.store),
)


def view(outrig: Outrig, project: Project) -> ProjectView:
    """Put together what is shown of a project."""
    from outrig.project.compute import resolve_compute

    compute: Compute | None
    try:
        compute = resolve_compute(project)
    except UsageError:
        compute = None
    return ProjectView(project=project, id=outrig.project_id(project), compute=compute)


def print_project(command: Command, shown: ProjectView) -> None:
    """Print a project, one line for each thing it says."""
    for column in COLUMNS:
        for text in _texts(column.get(shown)):
            command.line(f"{column.name + ':':<14} {one_line(text)}")


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [f"{name} {text}" for name, inner in value.items() for text in _texts(inner)]
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    if value is None:
        return []
    return [str(getattr(value, "value", value))]


def _stated(record: object) -> dict[str, object]:
    """Return the fields of a record that say something."""
    return {name: value for name, value in asdict(record).items() if value}  # type: ignore[call-overload]
