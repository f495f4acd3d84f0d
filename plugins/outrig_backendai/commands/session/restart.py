"""`bai restart`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Command, Outcome, argument, each, finish, interruptible
from outrig_backendai.commands.session_options import OWNER
from outrig_backendai.compute.sessions import Compute

if TYPE_CHECKING:
    from collections.abc import Callable


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
        """Restart them all; one that cannot be restarted does not keep the others."""
        compute = Compute(self.outrig)
        references = list(dict.fromkeys(self.argument_words("session-name")))
        with interruptible(self.outrig):
            outcomes = each(references, [self._restarting(compute, one) for one in references])
        code = finish(outcomes, runs_commands=False)
        if code == 0:
            self.note("Done.")
        return code

    def _restarting(self, compute: Compute, reference: str) -> Callable[[], Outcome]:
        from outrig_backendai.compute.restarting import restart

        def act() -> Outcome:
            restart(compute, compute.find(reference, self.text("owner")))
            return Outcome(session=None, name=reference)

        return act
