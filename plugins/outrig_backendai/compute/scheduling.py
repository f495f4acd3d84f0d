"""One turn of the scheduler: who waits gets agents, first come first served per scaling group.

A turn is one transaction. It allots only sessions whose lock its process holds; what fits for
others that came before is kept free for them, and a scaling group whose first one does not fit
waits for it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from outrig_backendai.compute.allotting import Room
from outrig_backendai.compute.conditions import why_not_yet
from outrig_backendai.compute.places import agents_of, groups_for, held_on
from outrig_backendai.compute.record import SessionStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from outrig_backendai.compute.allotting import Allotment
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute


def turn(compute: Compute, mine: Collection[str]) -> list[ComputeSession]:
    """Allot agents to waiting sessions of ours (by id); returns those that have theirs now."""
    if not set(compute.directory.sessions.waiting()) & set(mine):
        return []
    agents = agents_of(compute, [one.name for one in compute.directory.scaling_groups.all()])
    with compute.directory.write() as rows:
        table = compute.directory.sessions
        queue = table.queue()  # as it is, as nobody else writes now
        groups_of = cache(lambda domain: groups_for(compute, domain, None))
        holding = table.holding()
        room = Room(agents, held_on(holding), holding)
        allotted = []
        blocked: set[str] = set()
        for session in sorted(queue, key=lambda one: -one.priority):
            if why_not_yet(compute, session, holding) is not None:
                continue
            groups = _groups(session, groups_of)
            found = None if blocked & set(groups) else room.take(session, groups)
            if found is None:
                blocked |= set(groups)
            elif session.id in mine:
                now = table.change_in(rows, session.id, _scheduling(found, compute.now()))
                holding.append(now)
                allotted.append(now)
    return allotted


def _groups(
    session: ComputeSession, groups_of: Callable[[str], tuple[str, ...]]
) -> tuple[str, ...]:
    if not session.any_scaling_group and session.scaling_group is not None:
        return (session.scaling_group,)
    return groups_of(session.domain)


def _scheduling(found: Allotment, now: datetime) -> Callable[[ComputeSession], ComputeSession]:
    def change(session: ComputeSession) -> ComputeSession:
        return _scheduled(session, found, now)

    return change


def _scheduled(session: ComputeSession, found: Allotment, now: datetime) -> ComputeSession:
    kernels = tuple(
        replace(kernel, agent=agent.id, devices=devices, status=SessionStatus.SCHEDULED)
        for kernel, (agent, devices) in zip(session.kernels, found, strict=True)
    )
    return replace(
        session,
        status=SessionStatus.SCHEDULED,
        status_changed=now,
        status_info=None,
        scheduled_at=now,
        scaling_group=found[0][0].scaling_group,
        kernels=kernels,
    )
