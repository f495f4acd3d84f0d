"""`bai logs`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Command, argument, interruptible, option
from outrig_backendai.commands.completing import session_names
from outrig_backendai.commands.session_options import OWNER
from outrig_backendai.compute.sessions import Compute

if TYPE_CHECKING:
    from collections.abc import Iterable


class BaiLogs(Command):
    """Print what the programs of a session printed."""

    summary = "Print what the programs of a session printed"
    details = (
        "What `bai run` ran, and the command of a batch session, in the order in which they were "
        "started. It stays for 30 days after the session has ended."
    )
    examples = (("bai logs -f mysession", "go on as more is printed, until the session ends"),)
    arguments = (argument("sessid", "the session, by id or name"),)
    options = (
        option("follow", "f", "go on until the session has ended"),
        option(
            "kernel",
            "k",
            "another of its containers, by id or host",
            value="ID",
            also=("kernel-id",),
        ),
        OWNER,
    )

    def complete(self, name: str, prefix: str) -> Iterable[str]:
        """Return the names of sessions."""
        return session_names(self, prefix) if name == "sessid" else ()

    def handle(self) -> int:
        """Print it."""
        from outrig_backendai.commands.logging import print_logs

        compute = Compute(self.outrig)
        with interruptible(self.outrig):
            session = compute.find(self.word("sessid") or "", self.text("owner"), live=False)
            return print_logs(self, compute, session, self.text("kernel"), wait=self.flag("follow"))
