"""`bai restart`"""

from __future__ import annotations

from outrig.api import Command, argument
from outrig_backendai.commands.session_options import OWNER
from outrig_backendai.commands.several import for_each_session


class BaiRestart(Command):
    """Restart sessions."""

    summary = "Restart sessions"
    details = (
        "All programs of a session are ended, and it begins anew where it is: its files stay, a "
        "bootstrap script runs again, and so does the command of a batch session."
    )
    examples = (("bai restart mysession", "end what runs there, and begin anew"),)
    arguments = (argument("session-name", "the sessions, by id or name", repeat=True),)
    options = (OWNER,)

    def handle(self) -> int:
        """Restart them all."""
        from outrig_backendai.compute.restarting import restart

        return for_each_session(self, self.argument_words("session-name"), restart)
