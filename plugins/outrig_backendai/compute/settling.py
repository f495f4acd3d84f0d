"""Making the records tell the truth. Listings do it first, so it imports nothing without need."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrig_backendai.compute.sessions import Compute


def settle(compute: Compute, *, everywhere: bool = False) -> None:
    """Bring all sessions that may have changed up to date, each unless somebody works on it.

    This computer's node is asked about those here, and with `everywhere` other nodes about theirs.
    """
    dependent = compute.directory.sessions.dependent()
    holding = compute.directory.sessions.holding()
    if dependent or holding:
        from outrig_backendai.compute.mending import mend

        mend(compute, dependent, holding, everywhere=everywhere)
