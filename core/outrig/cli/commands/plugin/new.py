"""`outrig plugin new`"""

from __future__ import annotations

from pathlib import Path

from outrig.cli.command import Command
from outrig.cli.definition import argument, option
from outrig.manifest import load
from outrig.plugins.template import KINDS, new_plugin, write_plugin


class PluginNew(Command):
    """Write the project of a new plugin, one that works."""

    summary = "Start the project of a new plugin"
    details = (
        "Writes a project with code, settings, tests on Outrig's contracts, CI and README. It is a "
        "working example of its kind: a provider whose nodes are directories, a store in an SQLite "
        "file, a command that deploys, a policy on regions and tags."
    )
    examples = (
        ("outrig plugin new acme-cloud --kind provider", "provider: acme, in acme-cloud/"),
        ("outrig plugin new acme-db --kind store --name db", "a store for db:// URLs"),
    )
    arguments = (argument("distribution", "its name, as in pip install NAME"),)
    options = (
        option("kind", "k", "what it is", choices=KINDS, default="provider"),
        option("name", None, "the plugin's own name (default: the first word)", value="NAME"),
        option("directory", None, "where to (default: the distribution's name)", value="DIR"),
    )

    def handle(self) -> int:
        """Write it, and say how to go on."""
        new = new_plugin(
            self.word("distribution") or "", self.text("kind") or "", self.text("name"), load()
        )
        directory = Path(self.text("directory") or new.distribution)
        files = write_plugin(new, directory)
        self.note(f'made the {new.kind} "{new.name}": {len(files)} files')
        self.note(f"try it: cd {directory} && pip install -e '.[dev]' && pytest")
        self.line(str(directory))
        return 0
