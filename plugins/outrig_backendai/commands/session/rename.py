"""`bai rename`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Command, argument
from outrig_backendai.commands.completing import session_names
from outrig_backendai.commands.session_options import OWNER
from outrig_backendai.compute.sessions import Compute

if TYPE_CHECKING:
    from collections.abc import Iterable


class BaiRename(Command):
    """Give a session another name."""

    summary = "Give a session another name"
    examples = (("bai rename mysession training", "call it training"),)
    arguments = (
        argument("session", "the session, by id or name"),
        argument("new-name", "its new name"),
    )
    options = (OWNER,)

    def complete(self, name: str, prefix: str) -> Iterable[str]:
        """Return the names of sessions."""
        return session_names(self, prefix) if name == "session" else ()

    def handle(self) -> int:
        """Rename it."""
        from outrig_backendai.compute.renaming import rename

        compute = Compute(self.outrig)
        session = compute.find(self.word("session") or "", self.text("owner"))
        renamed = rename(compute, session, self.word("new-name") or "")
        self.note(f"Session {session.name} is called {renamed.name} now.")
        return 0
