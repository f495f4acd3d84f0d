"""`ray session commands`"""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

from outrig.api import Command

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrig.api import Parameter

_WIDTH = 100_000


class RaySessionCommands(Command):
    """Show the commands of the project, each with its help as Ray prints it."""

    summary = "Show the project's commands and their parameters"
    examples = (("ray session commands", "what ray session start can be given"),)

    def handle(self) -> int:
        """Print each command; of several with one name the one that counts."""
        project = self.outrig.project()
        self.line(f"Active project: {project.name}")
        self.line()
        for command in {one.name: one for one in project.commands}.values():
            self.line(f'Command "{command.name}":')
            for line in usage(command.name, command.help, command.params).split("\n"):
                self.line(f"  {line}".rstrip())
        return 0


def usage(name: str, about: str, parameters: Iterable[Parameter]) -> str:
    """Return a command's help in the words of argparse, which is what Ray prints.

    Lines are not wrapped: argparse cannot wrap the usage of every choice (CPython issue 11874).
    """
    parser = argparse.ArgumentParser(
        prog=name,
        description=_literal(about) if "%(prog)" in about else about or None,
        add_help=False,
        conflict_handler="resolve",
        formatter_class=partial(argparse.HelpFormatter, width=_WIDTH),
    )
    for parameter in parameters:
        choices = tuple(str(choice) for choice in parameter.choices)
        parser.add_argument(
            f"--{parameter.name}", choices=choices or None, help=_literal(parameter.help) or None
        )
    return parser.format_help()


def _literal(text: str) -> str:
    """Keep argparse from taking per cent signs for its own."""
    return text.replace("%", "%%")
