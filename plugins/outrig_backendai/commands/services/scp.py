"""`bai scp`"""

from __future__ import annotations

from outrig.api import Command, argument, hand_over, interruptible, option
from outrig_backendai.commands.services.ports import PORT
from outrig_backendai.compute.sessions import Compute


class BaiScp(Command):
    """Copy files to and from a session with scp."""

    summary = "Copy files to or from a session with scp"
    details = (
        "A path in the session is written work@localhost:PATH, as scp has it; one that is relative "
        "counts from /home/work. Words that are not ours pass to scp as they are. The exit code is "
        "scp's."
    )
    examples = (
        ("bai scp mysess -p 9922 -r tmp/ work@localhost:tmp2/", "a directory into the session"),
        ("bai scp mysess -p 9922 -r work@localhost:tmp2/ tmp/", "and back"),
    )
    arguments = (
        argument("session_ref", "the session, by id or name"),
        argument("words", "options of scp, the source and the target", repeat=True),
    )
    options = (PORT, option("recursive", "r", "directories with all below"))
    verbatim = True
    runs_commands = True

    def handle(self) -> int:
        """Hand the copying to scp."""
        from outrig_backendai.services.openssh import served_openssh

        compute = Compute(self.outrig)
        with interruptible(self.outrig):
            session = compute.find(self.word("session_ref") or "")
            with served_openssh(compute, session, self.option("port")) as (port, told):
                flags = ["-r"] if self.flag("recursive") else []
                words = self.argument_words("words")
                return hand_over("scp", [*told, "-P", str(port), *flags, *words])
