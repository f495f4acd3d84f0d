"""`outrig session ls`"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outrig.cli.choosing import NAME_OPTION, asked_session
from outrig.cli.command import Command
from outrig.cli.definition import argument
from outrig.cli.listing import Column

if TYPE_CHECKING:
    from outrig.model.session import RemoteFile

COLUMNS: tuple[Column[RemoteFile], ...] = (
    Column("path", lambda file: file.path + ("/" if file.is_directory else "")),
    Column("size", lambda file: file.size_bytes, unit="bytes"),
    Column("changed", lambda file: datetime.fromtimestamp(file.mtime_ns / 1e9, UTC)),
    Column("executable", lambda file: file.executable, shown=False),
    Column("target", lambda file: file.target, shown=False),
)


class SessionLs(Command):
    """List files in a session."""

    summary = "List files in a session's work directory"
    details = "A path may be a file, a directory (with all under it) or a pattern."
    examples = (('outrig session ls "logs/*.txt"', "what matches, in the session used last"),)
    arguments = (argument("path", "what to list", required=False, repeat=True),)
    options = (NAME_OPTION,)
    lists = True

    def handle(self) -> int:
        """Print the list."""
        files = self.outrig.list_files(asked_session(self), self.argument_words("path"))
        self.listing(files, COLUMNS, empty="no files")
        return 0
