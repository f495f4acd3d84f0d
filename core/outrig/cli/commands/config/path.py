"""`outrig config path`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.config.file import config_path


class ConfigPath(Command):
    """Print where the configuration file is, or would be."""

    summary = "Print the path of the configuration file"
    details = "OUTRIG_CONFIG names another file."
    examples = (("outrig config path", "to edit it by hand"),)

    def handle(self) -> int:
        """Print it."""
        self.line(str(config_path()))
        return 0
