"""`bai ssh`"""

from __future__ import annotations

from outrig.api import Command, argument, hand_over, interruptible
from outrig_backendai.commands.services.ports import PORT
from outrig_backendai.compute.sessions import Compute


class BaiSsh(Command):
    """Log in to a session with ssh."""

    summary = "Log in to a session with ssh"
    details = (
        "Words that are not ours pass to ssh as they are: its options, or a command. The session's "
        "key is used, and is not left behind. The exit code is ssh's."
    )
    examples = (
        ("bai ssh mysession", "a shell in the session"),
        ("bai ssh mysession -L 8000:localhost:8000 -N", "a port of the session, here"),
        ("bai ssh mysession ls -l", "a command there"),
    )
    arguments = (
        argument("session_ref", "the session, by id or name"),
        argument("words", "options of ssh, and a command", required=False, repeat=True),
    )
    options = (PORT,)
    verbatim = True
    runs_commands = True

    def handle(self) -> int:
        """Hand the terminal to ssh."""
        from outrig_backendai.services.openssh import served_openssh

        compute = Compute(self.outrig)
        with interruptible(self.outrig):
            session = compute.find(self.word("session_ref") or "")
            with served_openssh(compute, session, self.option("port")) as (port, told):
                words = self.argument_words("words")
                return hand_over("ssh", [*told, "-p", str(port), "work@localhost", *words])
