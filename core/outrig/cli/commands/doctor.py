"""`outrig doctor`"""

from __future__ import annotations

from outrig.cli.command import Command
from outrig.cli.listing import Column
from outrig.doctor import Check, Status, checks

COLUMNS: tuple[Column[Check], ...] = (
    Column("status", lambda one: one.status),
    Column("check", lambda one: one.name),
    Column("found", lambda one: one.found),
)


class Doctor(Command):
    """Look at this computer: what Outrig can use, and what keeps it from working."""

    summary = "Tell what Outrig finds on this computer, and what is wrong"
    details = (
        "Looks at Python, directories, programs, the configuration, plugins and providers. The "
        "exit code is 1 when there is a problem; a note only limits what can be done."
    )
    examples = (("outrig doctor", "before the first project, or when something is odd"),)
    lists = True

    def handle(self) -> int:
        """Print what was found."""
        found = list(checks())
        self.listing(found, COLUMNS)
        return int(any(one.status is Status.PROBLEM for one in found))
