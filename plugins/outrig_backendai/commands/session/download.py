"""`bai download`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import Command, TerminalObserver, argument, interruptible, option
from outrig_backendai.commands.completing import session_names
from outrig_backendai.commands.session_options import OWNER
from outrig_backendai.compute.sessions import Compute

if TYPE_CHECKING:
    from collections.abc import Iterable


class BaiDownload(Command):
    """Bring files of a session here."""

    summary = "Bring files of a session here"
    details = "Paths are below /home/work. What is here is replaced. Private keys get mode 0600."
    examples = (
        ("bai download mysession id_container", "the key to log in with"),
        ("bai download mysession results --dest out", "a directory, into another"),
    )
    arguments = (
        argument("sessid", "the session, by id or name"),
        argument("files", "files and directories of the session", repeat=True),
    )
    options = (option("dest", None, "where to put them", value="PATH", default="."), OWNER)

    def complete(self, name: str, prefix: str) -> Iterable[str]:
        """Return the names of sessions."""
        return session_names(self, prefix) if name == "sessid" else ()

    def handle(self) -> int:
        """Copy them."""
        from outrig_backendai.execution.files import download

        compute = Compute(self.outrig)
        self.outrig.watch(TerminalObserver(self))
        with interruptible(self.outrig):
            session = compute.find(self.word("sessid") or "", self.text("owner"))
            dest = Path(self.text("dest") or ".")
            for path in download(compute, session, self.argument_words("files"), dest):
                self.note(f"downloaded {path}")
        return 0
