"""`outrig shim remove`: remove a launcher."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import argument, option
from outrig.cli.shims import default_directory, installed_tools, remove

if TYPE_CHECKING:
    from collections.abc import Iterable


class Remove(Command):
    """Remove a launcher that `outrig shim install` wrote."""

    summary = "Remove a launcher"
    examples = (("outrig shim remove any", "give the any client its name back"),)
    arguments = (argument("tool", "the tool: any, ray, daft, backend.ai"),)
    options = (option("dir", None, "where it is (default: ~/.local/bin)", value="DIRECTORY"),)

    def complete(self, name: str, prefix: str) -> Iterable[str]:
        """Return the tools that have a launcher."""
        there = installed_tools(default_directory())
        return [one for one in there if name == "tool" and one.startswith(prefix)]

    def handle(self) -> int:
        """Remove the launcher; any other file is an error."""
        directory = Path(self.text("dir") or default_directory()).expanduser().absolute()
        self.note(f"removed {remove(self.word('tool') or '', directory)}")
        return 0
