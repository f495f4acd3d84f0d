"""`bai ls`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Column, Command, argument, interruptible
from outrig_backendai.commands.completing import session_names
from outrig_backendai.commands.session_options import OWNER
from outrig_backendai.compute.sessions import Compute

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrig_backendai.execution.files import Listed

COLUMNS: tuple[Column[Listed], ...] = (
    Column("name", lambda one: one.name, title="File name"),
    Column("size", lambda one: one.size_bytes, title="Size"),
    Column("modified", lambda one: one.modified, title="Modified"),
    Column("mode", lambda one: one.mode, title="Mode"),
)


class BaiLs(Command):
    """List files of a session."""

    summary = "List files of a session"
    examples = (("bai ls mysession results", "what is in /home/work/results"),)
    arguments = (
        argument("sessid", "the session, by id or name"),
        argument("path", "the directory", default="/home/work"),
    )
    options = (OWNER,)
    lists = True

    def complete(self, name: str, prefix: str) -> Iterable[str]:
        """Return the names of sessions."""
        return session_names(self, prefix) if name == "sessid" else ()

    def handle(self) -> int:
        """Print the list."""
        from outrig_backendai.execution.files import list_files

        compute = Compute(self.outrig)
        with interruptible(self.outrig):
            session = compute.find(self.word("sessid") or "", self.text("owner"))
            found = list_files(compute, session, self.word("path") or "/home/work")
        self.listing(found, COLUMNS, empty="no files")
        return 0
