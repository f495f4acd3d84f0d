"""`outrig completion`: print a shell's completion script."""

from __future__ import annotations

import sys
from pathlib import Path

from outrig.cli.command import Command
from outrig.cli.completion_scripts import SCRIPTS
from outrig.cli.definition import argument
from outrig.cli.shims import default_directory, installed_tools


class Completion(Command):
    """Print what makes a shell complete Outrig's words, options and values."""

    summary = "Print a script that makes the shell complete commands and options"
    details = """
    The script is for the shell's start-up file. It also serves the launchers that
    `outrig shim install` has put into the usual directory.
    """
    examples = (
        ('eval "$(outrig completion bash)"', "in ~/.bashrc"),
        ('eval "$(outrig completion zsh)"', "in ~/.zshrc, after compinit"),
        ("outrig completion fish | source", "in ~/.config/fish/config.fish"),
    )
    arguments = (argument("shell", "the shell", choices=tuple(SCRIPTS)),)

    def handle(self) -> int:
        """Print the script of the shell."""
        names = ("outrig", *installed_tools(default_directory()))
        self.write(SCRIPTS[self.word("shell") or ""](_program(), names))
        return 0


def _program() -> str:
    """Return how the script calls Outrig: by its full name, so that it works off `PATH`."""
    called = Path(sys.argv[0])
    return str(called.absolute()) if called.name == "outrig" and called.exists() else "outrig"
