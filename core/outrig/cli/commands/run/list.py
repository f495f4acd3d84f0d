"""`outrig run list`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.choosing import NAME_OPTION, asked_name, asked_sessions, known_session
from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.run_listing import COLUMNS
from outrig.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.model.session import Session


class RunList(Command):
    """List the runs of sessions."""

    summary = "List runs, newest first"
    details = "Without a name, the runs of the session used last; with --all, of every session."
    examples = (
        ("outrig run list", "the runs of the session used last"),
        ('outrig run list --name "*" --output json', "of all live sessions, as JSON"),
    )
    options = (
        NAME_OPTION,
        option("all", "a", "the runs of all sessions, ended ones too"),
    )
    lists = True

    def handle(self) -> int:
        """Ask the nodes how runs stand, and print them."""
        outrig = self.outrig
        if self.flag("all"):
            runs = outrig.runs()
        else:
            sessions = self._sessions()
            runs = [run for one in sessions for run in reversed(outrig.refresh(one))]
        self.listing(runs, COLUMNS, empty="no runs")
        return 0

    def _sessions(self) -> Sequence[Session]:
        """Return what was named: live sessions, else one of that very name that has ended."""
        outrig = self.outrig
        try:
            return asked_sessions(self)
        except NotFoundError:
            return [known_session(outrig, outrig.here(), asked_name(self))]
