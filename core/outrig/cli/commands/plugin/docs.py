"""`outrig plugin docs`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.cli.definition import argument
from outrig.manifest import load
from outrig.plugins import Hooks
from outrig.plugins.reference import reference_markdown


class PluginDocs(Command):
    """Print the reference of a plugin, made from its code."""

    summary = "Print a plugin's settings and commands as Markdown"
    details = "For the README of a plugin: what it declares, each setting with key and variable."
    examples = (("outrig plugin docs acme-cloud", "the tables for its README"),)
    arguments = (argument("plugin", "a plugin or its distribution"),)

    def handle(self) -> int:
        """Print it."""
        self.write(reference_markdown(load(), Hooks(report=self.warn), self.word("plugin") or ""))
        return 0
