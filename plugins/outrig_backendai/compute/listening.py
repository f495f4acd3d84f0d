"""What happened to a session from its beginning, and then what happens, until it is over."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute
    from outrig_backendai.directory.events import Happened

_LOOK_S = 0.1
_SETTLE_S = 1.0


def listen(
    compute: Compute, session: ComputeSession, deadline: float | None = None
) -> Iterator[Happened]:
    """Yield a session's events, old ones first, until it is over or in ERROR.

    `deadline` is a time of `time.monotonic` after which it ends in any case. Raises `Interrupted`.
    """
    last, settled_at = 0, 0.0
    while True:
        over = not compute.directory.sessions.now(session).status.live
        for event in compute.directory.events.of_session(session.id, last):
            last = event.number
            yield event
        if over or (deadline is not None and time.monotonic() >= deadline):
            return
        compute.outrig.cancel.check()
        if time.monotonic() - settled_at >= _SETTLE_S:
            compute.settle()
            compute.wake()
            settled_at = time.monotonic()
        compute.outrig.cancel.wait(_LOOK_S)
