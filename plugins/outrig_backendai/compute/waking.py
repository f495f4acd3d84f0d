"""Starting the scheduler in the background when there is work for it. Imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig_backendai.compute.request import BATCH

if TYPE_CHECKING:
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute

NAME = "bai-scheduler"
"""The lock that the scheduler holds."""


def wake(compute: Compute) -> bool:
    """Start the scheduler if there is work for it; returns whether it did.

    Work are sessions that wait, and commands of batch sessions whose end is waited for, unless
    another process works on them.
    """
    waiting, batch = compute.directory.sessions.waiting(), running_batch(compute)
    if not waiting and not batch:
        return False
    from outrig.api import is_held, start_aside
    from outrig_backendai.compute.holds import is_worked_on

    directory = compute.directory.state_directory
    if is_held(directory, NAME):
        return False
    if not batch and all(is_worked_on(compute, one) for one in waiting):
        return False
    start_aside(directory, ("bai", "schedule"), "bai-scheduler.log")
    return True


def running_batch(compute: Compute) -> list[ComputeSession]:
    """Return the batch sessions whose command runs, or is about to."""
    holding = compute.directory.sessions.holding()
    return [one for one in holding if one.type == BATCH]
