"""`bai events`"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from outrig.api import Command, argument, interruptible, option
from outrig_backendai.commands.session_options import OWNER
from outrig_backendai.compute.sessions import Compute

if TYPE_CHECKING:
    from outrig_backendai.directory.events import Happened

SCOPE = option(
    "scope",
    None,
    "of the session as a whole, or of its containers",
    choices=("*", "session", "kernel"),
    default="*",
    value="SCOPE",
)


class BaiEvents(Command):
    """Show what happened to a session from its beginning, then what happens, until its end."""

    summary = "Show what happens to a session, until it ends"
    details = (
        "What has happened already comes first. Each line is an event's name and what is known of "
        "it, as JSON."
    )
    examples = (
        ("bai events mysession", "all of it"),
        ("bai events --scope session mysession", "leave its containers out"),
    )
    arguments = (argument("session-id-or-name", "the session, by id or name"),)
    options = (OWNER, SCOPE)

    def handle(self) -> int:
        """Print them as they come."""
        from outrig_backendai.compute.listening import listen

        compute = Compute(self.outrig)
        reference = self.word("session-id-or-name") or ""
        session = compute.find(reference, self.text("owner"), live=False)
        with interruptible(self.outrig):
            for event in listen(compute, session):
                if self.text("scope") in ("*", event.scope):
                    self.line(event_line(event))
                    self.flush()
        return 0


def event_line(event: Happened) -> str:
    """Return an event as one line."""
    return f"{event.name} {json.dumps(dict(event.data), ensure_ascii=False)}"
