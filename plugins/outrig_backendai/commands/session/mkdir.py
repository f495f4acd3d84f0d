"""`bai mkdir`"""

from __future__ import annotations

from outrig.api import Command, argument, interruptible, option
from outrig_backendai.commands.session_options import OWNER
from outrig_backendai.compute.sessions import Compute


class BaiMkdir(Command):
    """Make directories in a session."""

    summary = "Make directories in a session"
    examples = (("bai mkdir -p mysession data/raw", "with those above it"),)
    arguments = (
        argument("sessid", "the session, by id or name"),
        argument("path", "directories, below /home/work where nothing else is said", repeat=True),
    )
    options = (
        option("parents", "p", "make those above them too"),
        option("exist-ok", "e", "let those be that are there"),
        OWNER,
    )

    def handle(self) -> int:
        """Make them."""
        from outrig_backendai.execution.files import make_directories

        compute = Compute(self.outrig)
        paths = self.argument_words("path")
        with interruptible(self.outrig):
            session = compute.find(self.word("sessid") or "", self.text("owner"))
            parents, there = self.flag("parents"), self.flag("exist-ok")
            make_directories(compute, session, paths, parents=parents, there=there)
        return 0
