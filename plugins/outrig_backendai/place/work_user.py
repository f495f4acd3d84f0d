"""Who the programs of sessions run as on this computer."""

from __future__ import annotations

from outrig_backendai.place.program.worker import find_worker


def work_user() -> tuple[int, int]:
    """Return user and group id: one's own, or for root those of the work user."""
    found = find_worker()
    return found.uid, found.gid
