"""`outrig shim list`: show launchers."""

from __future__ import annotations

from pathlib import Path

from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.listing import Column
from outrig.cli.shims import Shim, default_directory, shims

COLUMNS: tuple[Column[Shim], ...] = (
    Column("tool", lambda shim: shim.tool),
    Column("command_set", lambda shim: shim.command_set),
    Column("launcher", lambda shim: str(shim.path) if shim.path else None),
    Column("real_program", lambda shim: shim.real),
)


class List(Command):
    """List the tools that Outrig can stand in for, and their launchers."""

    summary = "List the tools that can have a launcher, and the launchers"
    examples = (("outrig shim list", "which tools have a launcher, and where"),)
    options = (option("dir", None, "where to look (default: ~/.local/bin)", value="DIRECTORY"),)
    lists = True

    def handle(self) -> int:
        """Print the listing."""
        directory = Path(self.text("dir") or default_directory()).expanduser().absolute()
        self.listing(shims(directory), COLUMNS, empty="no installed command set has a launcher")
        return 0
