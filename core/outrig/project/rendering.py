"""The shell text that a command becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.errors import UsageError
from outrig.model.project import ProjectForm
from outrig.project.placeholders import parameter_named, scan
from outrig.project.problem import shown
from outrig.project.quoting import fill

if TYPE_CHECKING:
    from outrig.model.project import Command, Project
    from outrig.project.parameters import ParameterValues


def render(project: Project, command: Command, values: ParameterValues) -> str:
    """Return the text for the shell: the project's prefix, then the command with its values.

    Values are quoted where they stand, so each arrives as it was typed. Raises `UsageError` for a
    `*` that was not expanded, and for a value that cannot be written where it is wanted.
    """
    if values.wildcards:
        raise UsageError(f'command "{command.name}": "*" for {values.wildcards[0]} is no value')
    given = values.texts()
    loose = project.form is ProjectForm.RAY_07
    texts: dict[str, str] = {}
    for placeholder in scan(command.command):
        name = parameter_named(placeholder.name, given, loose=loose)
        if name is not None:
            texts[placeholder.name] = given[name]
        elif not placeholder.literal:
            raise UsageError(
                f'command "{command.name}" has no parameter for {shown(placeholder.text)}'
            )
    text = fill(command.command, texts, f'command "{command.name}"')
    return f"{project.prefix}\n{text}" if project.prefix else text
