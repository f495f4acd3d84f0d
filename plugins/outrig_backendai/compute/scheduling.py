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
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime
    from sqlite3 import Connection

    from outrig_backendai.compute.allotting import Allotment
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute
    from outrig_backendai.directory.agents import Agent


def turn(compute: Compute, mine: Collection[str]) -> list[ComputeSession]:
    """Allot agents to waiting sessions of ours (by id); returns those that have theirs now."""
    if not set(compute.directory.sessions.waiting()) & set(mine):
        return []
    agents = agents_of(compute, [one.name for one in compute.directory.scaling_groups.all()])
    with compute.directory.write() as rows:
        return _Turn(compute, rows, mine, agents).take()


class _Turn:
    def __init__(
        self, compute: Compute, rows: Connection, mine: Collection[str], agents: Sequence[Agent]
    ) -> None:
        self._compute = compute
        self._rows = rows
        self._mine = mine
        self._table = compute.directory.sessions
        self._holding = self._table.holding()
        self._room = Room(agents, held_on(self._holding), self._holding)
        self._blocked: set[str] = set()
        self._groups_of = cache(lambda domain: groups_for(compute, domain, None))

    def take(self) -> list[ComputeSession]:
        """Go through the queue, which nobody else changes meanwhile."""
        allotted = []
        for session in sorted(self._table.queue(), key=lambda one: -one.priority):
            found, reason = self._try(session)
            if session.id not in self._mine:
                continue
            if found is not None:
                change = _scheduling(found, self._compute.now())
                allotted.append(self._table.change_in(self._rows, session.id, change))
                self._holding.append(allotted[-1])
            elif session.status_info != reason:
                self._table.change_in(self._rows, session.id, _waiting(reason))
        return allotted

    def _try(self, session: ComputeSession) -> tuple[Allotment | None, str | None]:
        """Return what a session gets, or why it waits on."""
        reason = why_not_yet(self._compute, session, self._holding)
        if reason is not None:
            return None, reason
        groups = self._groups(session)
        found = None if self._blocked & set(groups) else self._room.take(session, groups)
        if found is not None:
            return found, None
        self._blocked |= set(groups)
        return None, f"no room for it yet in scaling group {', '.join(groups)}"

    def _groups(self, session: ComputeSession) -> tuple[str, ...]:
        if not session.any_scaling_group and session.scaling_group is not None:
            return (session.scaling_group,)
        return self._groups_of(session.domain)


def _waiting(reason: str | None) -> Callable[[ComputeSession], ComputeSession]:
    return lambda session: replace(session, status_info=reason)


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
