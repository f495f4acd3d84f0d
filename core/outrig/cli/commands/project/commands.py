"""`outrig project commands`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.invoking import parameter_help
from outrig.cli.listing import Column
from outrig.cli.terminal import one_line

if TYPE_CHECKING:
    from outrig.model.project import Command as ProjectCommand
    from outrig.model.project import Parameter

COLUMNS: tuple[Column[ProjectCommand], ...] = (
    Column("name", lambda one: one.name),
    Column("help", lambda one: one.help),
    Column("command", lambda one: one.command),
    Column("params", lambda one: [_record(parameter) for parameter in one.params]),
    Column("cluster", lambda one: one.cluster.config if one.cluster else None),
    Column("background", lambda one: one.background),
)


class ProjectCommands(Command):
    """Show the project's commands and their parameters."""

    summary = "Show the project's commands, their parameters, choices and defaults"
    examples = (("outrig project commands", "what session start can be given"),)
    lists = True

    def handle(self) -> int:
        """Print each command, of several with one name the one that counts."""
        project = self.outrig.project()
        counting = list({one.name: one for one in project.commands}.values())
        if self.output != "table" or self.text("format"):
            self.listing(counting, COLUMNS)
            return 0
        self.note(f"Active project: {one_line(project.name)}")
        if not counting:
            self.note("it has no commands")
        for command in counting:
            self.line(one_line(f"{command.name}  {command.help}".rstrip()))
            width = max((len(one.name) for one in command.params), default=0)
            for parameter in command.params:
                text = one_line(parameter_help(parameter))
                self.line(f"  --{parameter.name:<{width}}  {text}")
        return 0


def _record(parameter: Parameter) -> dict[str, object]:
    return {
        "name": parameter.name,
        "type": parameter.type,
        "choices": parameter.choices,
        "default": parameter.default,
        "help": parameter.help,
    }
