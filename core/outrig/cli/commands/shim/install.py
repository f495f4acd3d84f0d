"""`outrig shim install`: write a launcher."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import argument, option
from outrig.cli.shims import default_directory, hidden_by, install, is_on_path, known_tools

if TYPE_CHECKING:
    from collections.abc import Iterable


class Install(Command):
    """Write a launcher that makes another tool's own command lines work with Outrig."""

    summary = "Write a launcher that has another tool's name"
    details = """
    After it, that tool's own command lines work as they are. Words that Outrig does not know are
    handed to the real program, where there is one. A file that is no launcher of Outrig's is never
    overwritten. Inside sessions the launcher always stands back.
    """
    examples = (("outrig shim install any", "then: any session start train"),)
    arguments = (argument("tool", "the tool: any, ray, daft, backend.ai"),)
    options = (option("dir", None, "where to put it (default: ~/.local/bin)", value="DIRECTORY"),)

    def complete(self, name: str, prefix: str) -> Iterable[str]:
        """Return the tools."""
        return [one for one in known_tools() if name == "tool" and one.startswith(prefix)]

    def handle(self) -> int:
        """Install, and say what may keep it from being used."""
        tool = self.word("tool") or ""
        directory = Path(self.text("dir") or default_directory()).expanduser().absolute()
        path = install(tool, directory)
        self.line(str(path))
        other = hidden_by(path)
        if not is_on_path(directory):
            self.warn(f"{directory} is not on PATH; add it, or use --dir")
        elif other is not None:
            self.warn(f"{other} comes first on PATH and hides it")
        return 0
