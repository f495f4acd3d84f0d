"""`outrig project schema`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.plugins import Hooks
from outrig.plugins.schema import provider_schemas
from outrig.project.reference import json_schema


class ProjectSchema(Command):
    """Print the JSON Schema of `outrig.yaml`."""

    summary = "Print the JSON Schema of outrig.yaml"
    details = (
        "For editors that complete and check YAML files by a schema (draft 2020-12). It knows the "
        "settings of the providers that are installed."
    )
    examples = (("outrig project schema > outrig.schema.json", "to give to an editor"),)

    def handle(self) -> int:
        """Print it."""
        self.write(json_schema(provider_schemas(Hooks(report=self.warn), self.warn)))
        return 0
