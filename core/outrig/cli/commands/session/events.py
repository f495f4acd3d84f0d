"""`outrig session events`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.choosing import NAME_ARGUMENT, NAME_OPTION, asked_name, known_session
from outrig.cli.command import Command
from outrig.cli.listing import Column

if TYPE_CHECKING:
    from outrig.model.session import Event

COLUMNS: tuple[Column[Event], ...] = (
    Column("number", lambda event: event.number),
    Column("time", lambda event: event.time),
    Column("kind", lambda event: event.kind),
    Column("message", lambda event: event.message),
    Column("duration", lambda event: event.duration_s, unit="seconds"),
    Column("run", lambda event: event.run_id, shown=False),
)


class SessionEvents(Command):
    """Show what happened to a session."""

    summary = "Show what happened to a session, and how long each step took"
    details = "A session that has ended is found by its name too."
    examples = (("outrig session events train --output json", "as JSON"),)
    arguments = (NAME_ARGUMENT,)
    options = (NAME_OPTION,)
    lists = True

    def handle(self) -> int:
        """Print the events."""
        session = known_session(self.outrig, self.outrig.here(), asked_name(self))
        self.listing(self.outrig.events(session), COLUMNS, empty="no events")
        return 0
