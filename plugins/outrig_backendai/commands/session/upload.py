"""`bai upload`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Command, TerminalObserver, argument, interruptible
from outrig_backendai.commands.completing import session_names
from outrig_backendai.commands.session_options import OWNER
from outrig_backendai.compute.sessions import Compute

if TYPE_CHECKING:
    from collections.abc import Iterable


class BaiUpload(Command):
    """Put files into a session."""

    summary = "Put files into a session"
    details = (
        "Files and directories go to /home/work. Those below the directory you are in keep their "
        "path, others have their name only. What is there is replaced."
    )
    examples = (("bai upload mysession data/train.csv", "to /home/work/data/train.csv"),)
    arguments = (
        argument("sessid", "the session, by id or name"),
        argument("files", "files and directories here", repeat=True),
    )
    options = (OWNER,)

    def complete(self, name: str, prefix: str) -> Iterable[str]:
        """Return the names of sessions."""
        return session_names(self, prefix) if name == "sessid" else ()

    def handle(self) -> int:
        """Copy them."""
        from outrig_backendai.execution.files import upload

        compute = Compute(self.outrig)
        self.outrig.watch(TerminalObserver(self))
        with interruptible(self.outrig):
            session = compute.find(self.word("sessid") or "", self.text("owner"))
            for path in upload(compute, session, self.argument_words("files")):
                self.note(f"uploaded {path}")
        return 0
