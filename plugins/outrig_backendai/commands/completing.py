"""What shells are told that complete a word: the sessions that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig_backendai.compute.record import SessionStatus
from outrig_backendai.compute.sessions import Compute
from outrig_backendai.directory.sessions import SessionFilter

if TYPE_CHECKING:
    from outrig.api import Command


def session_names(command: Command, prefix: str) -> list[str]:
    """Return the names of the caller's sessions that are not over and begin with `prefix`."""
    compute = Compute(command.outrig)
    wanted = SessionFilter(
        access_key=compute.caller.access_key,
        statuses=[one for one in SessionStatus if not one.ended],
    )
    found = compute.directory.sessions.select(wanted)
    return [one.name for one in found if one.name.startswith(prefix)]
