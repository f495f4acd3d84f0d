"""The limits of a session, as its runs are given them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from outrig.api import Resources

if TYPE_CHECKING:
    from outrig_backendai.compute.record import ComputeSession


class Limits(TypedDict):
    """The fields of a run by which it keeps to its session's limits."""

    resources: Resources
    of_session: bool


def limits_of(session: ComputeSession) -> Limits:
    """Return what a run of a session (of one of its kernels) is given: `NewRun(**limits_of(s))`.

    All runs of a kernel share its limits. Devices are its own anyway: nothing else is told of them.
    """
    slots = session.slots
    resources = Resources(cpu=slots.cpu or None, memory_mib=(slots.mem >> 20) or None)
    return Limits(resources=resources, of_session=True)
