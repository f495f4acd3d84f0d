"""`daft init-config`"""

from __future__ import annotations

import shlex
from pathlib import Path

from outrig.api import Command, argument, option
from outrig_daft.files.template import write_template
from outrig_daft.names import DEFAULT_FILE


class DaftInitConfig(Command):
    """Write a Daft file."""

    summary = "Write a Daft file to start from"
    details = (
        "Every field says whether it is required, and what it is when you leave it out. The "
        "cluster is called like the file. Nothing is ever overwritten."
    )
    examples = (
        ("daft init-config", "writes .daft.toml"),
        ("daft init-config new-cluster.toml", "a cluster called new-cluster"),
    )
    arguments = (argument("name", f"the file's name (default: {DEFAULT_FILE})", required=False),)
    options = (
        option(
            "provider",
            None,
            "provisioned: nodes are made",
            choices=("provisioned",),
            default="provisioned",
        ),
    )

    def handle(self) -> int:
        """Write it."""
        path = Path(self.word("name") or DEFAULT_FILE)
        write_template(path)
        self.note(f"Successfully created a new configuration file: {path}")
        self.note(f"  start the cluster: outrig daft up{_named(path)}")
        return 0


def _named(path: Path) -> str:
    return "" if str(path) == DEFAULT_FILE else f" -c {shlex.quote(str(path))}"
