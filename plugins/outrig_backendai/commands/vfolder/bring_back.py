"""`bai vfolder bring-back`"""

from __future__ import annotations

from outrig.api import Command, TerminalObserver, argument, interruptible
from outrig_backendai.commands.session_options import OWNER
from outrig_backendai.compute.sessions import Compute


class BaiVfolderBringBack(Command):
    """Copy what a session changed in folders back to them, while it goes on."""

    summary = "Copy what a session changed in folders back to them, while it goes on"
    details = (
        "A session on this computer works in folders of this computer themselves. Any other folder "
        "is copied to it when it starts, and this, like the end of the session, copies files that "
        "are new or have changed back. What was deleted there stays here."
    )
    examples = (("bai vfolder bring-back mysession", "what it wrote so far"),)
    arguments = (argument("sessid", "the session, by id or name"),)
    options = (OWNER,)

    def handle(self) -> int:
        """Copy it."""
        from outrig_backendai.folders.bringing import bring_back

        compute = Compute(self.outrig)
        self.outrig.watch(TerminalObserver(self))
        with interruptible(self.outrig):
            session = compute.find(self.word("sessid") or "", self.text("owner"))
            for name, count in bring_back(compute, session).items():
                self.note(f"{name}: {count} {'file' if count == 1 else 'files'}")
        return 0
