"""`ray session attach`"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from outrig.api import SessionAttach, option
from outrig.errors import UsageError

if TYPE_CHECKING:
    from outrig.api import Session


class RaySessionAttach(SessionAttach):
    """Open a console in a session."""

    details = (
        "A shell in the session's work directory, with its environment. --tmux and --screen attach "
        "to a terminal of that name on the node instead, which goes on when you leave it. A "
        "stopped session is resumed first with --start."
    )
    examples = (
        ("ray session attach", "the session used last"),
        ("ray session attach default-session --start", "resume it if it was stopped"),
    )
    options = (
        *SessionAttach.options,
        option("screen", None, "attach to a screen session on the node, made when missing"),
    )

    def program(self, session: Session) -> tuple[str, ...]:
        """Return the terminal multiplexer that was asked for, nothing for the login shell."""
        if self.flag("tmux") and self.flag("screen"):
            raise UsageError("--tmux and --screen exclude each other")
        name = re.sub(r"[^A-Za-z0-9_-]", "-", session.name)
        return ("screen", "-xRR", "-S", name) if self.flag("screen") else super().program(session)
