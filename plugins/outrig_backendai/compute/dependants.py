"""Sessions that wait for others to succeed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig_backendai.directory.sessions import SessionFilter

if TYPE_CHECKING:
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute


def dependants(compute: Compute, session: ComputeSession) -> list[ComputeSession]:
    """Return the live sessions that depend on one, directly or by others; the last come first."""
    live = compute.directory.sessions.select(SessionFilter(access_key=session.access_key))
    found: dict[str, ComputeSession] = {}
    new = [session.id]
    while new:
        next_ones = [
            one
            for one in live
            if one.status.live and one.id not in found and set(one.depends) & set(new)
        ]
        found |= {one.id: one for one in next_ones}
        new = [one.id for one in next_ones]
    return list(found.values())[::-1]
