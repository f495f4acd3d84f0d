"""`daft check`"""

from __future__ import annotations

from pathlib import Path

from outrig.api import Command
from outrig_daft.commands.words import CONFIG, FILE
from outrig_daft.files.daft_file import load_daft_file
from outrig_daft.names import DEFAULT_FILE


class DaftCheck(Command):
    """Check a Daft file."""

    summary = "Check a Daft file"
    details = (
        "Files of daft-launcher and of daft-cli are read, of every version. A key that is not "
        "known is an error with its line and the nearest key that is."
    )
    examples = (("daft check", "the file .daft.toml"),)
    arguments = (FILE,)
    options = (CONFIG,)

    def handle(self) -> int:
        """Say what it stands for."""
        path = Path(self.text("config") or self.word("file") or DEFAULT_FILE)
        file = load_daft_file(path)
        nodes = f"a head and {file.workers} worker{'' if file.workers == 1 else 's'}"
        where = f"{file.provider} {file.region}" if file.provider == "aws" else file.provider
        jobs = f", jobs: {', '.join(one.name for one in file.jobs)}" if file.jobs else ""
        self.line(f"{path} is valid: {file.name}, {nodes} on {where}{jobs}")
        return 0
