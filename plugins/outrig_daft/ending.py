"""Taking a cloud's machines down without waiting until they are gone.

A command of its own goes on in the background: what can only be removed after the machines
(security groups) is removed by it, or, where it is killed, by the next `down` or by `gc`.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import NodeQuery, OwnsResources, SessionState, start_aside
from outrig.errors import Interrupted, OutrigError, RemoteError

if TYPE_CHECKING:
    from outrig.api import Outrig, Session

_BEGIN_S = 120.0
"""How long the other command may take to begin; it may wait for others that use the cluster."""
_PAUSE_S = 0.5
_LOG = "down.log"
_THERE = ("pending", "running", "stopping", "stopped")


def goes_on_alone(outrig: Outrig, session: Session) -> bool:
    """Tell whether a session's machines take their time to end."""
    return isinstance(outrig.runtime.provider(session), OwnsResources)


def request_end(outrig: Outrig, session: Session) -> Session:
    """Return once the end of all machines was asked for; raises what keeps them from ending.

    Raises `Interrupted` too; what was begun goes on.
    """
    directory = Path(outrig.state.directory)
    start_aside(str(directory), ["ray", "down", session.name, "--yes"], _LOG)
    begun, deadline = False, time.monotonic() + _BEGIN_S
    while True:
        now = outrig.state.sessions.get(session.id) or session
        begun = begun or now.state is SessionState.TERMINATING
        if now.state.ended:
            return now
        if now.state is SessionState.ERROR and begun:
            raise RemoteError(
                f'cluster "{now.name}" was not taken down: {now.error}',
                hint=f"try again: outrig daft down {now.name}",
            )
        if not begun and time.monotonic() > deadline:
            raise RemoteError(
                f'cluster "{now.name}" is not being taken down, see {directory / _LOG}',
                hint=f"end it here: outrig ray down {now.name}",
            )
        if begun and not _there(outrig, now):
            return now
        if outrig.cancel.wait(_PAUSE_S):
            raise Interrupted


def _there(outrig: Outrig, session: Session) -> bool:
    """Tell whether a machine has not been asked to end; where that is not known, so it is."""
    query = NodeQuery(session_id=session.id)
    try:
        found = outrig.inventory(session.provider, query, session.settings)
    except OutrigError:
        return True
    return any(one.data.get("state") in _THERE for one in found.nodes)
