"""`outrig project schema`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.project.reference import json_schema


class ProjectSchema(Command):
    """Print the JSON Schema of `outrig.yaml`."""

    summary = "Print the JSON Schema of outrig.yaml"
    details = "For editors that complete and check YAML files by a schema (draft 2020-12)."
    examples = (("outrig project schema > outrig.schema.json", "to give to an editor"),)

    def handle(self) -> int:
        """Print it."""
        self.write(json_schema())
        return 0
