"""`daft export`"""

from __future__ import annotations

from pathlib import Path

from outrig.api import Command
from outrig_daft.commands.words import CONFIG, FILE
from outrig_daft.files.cluster_document import cluster_document
from outrig_daft.files.daft_file import load_daft_file
from outrig_daft.names import DEFAULT_FILE


class DaftExport(Command):
    """Print the cluster file that a Daft file stands for."""

    summary = "Print the cluster file of Ray's that a Daft file stands for"
    details = "Both `outrig ray up` and Ray's own `ray up` read it."
    examples = (("daft export > cluster.yaml", "for ray up"),)
    arguments = (FILE,)
    options = (CONFIG,)

    def handle(self) -> int:
        """Print it."""
        path = Path(self.text("config") or self.word("file") or DEFAULT_FILE)
        self.write(cluster_document(load_daft_file(path), for_ray=True))
        return 0
