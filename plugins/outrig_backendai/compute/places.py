"""Where a session may run: its scaling groups, their agents, and what those have left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.errors import CapacityError, NotFoundError
from outrig_backendai.compute.agents import see_all, see_this_computer
from outrig_backendai.compute.request import MULTI_NODE
from outrig_backendai.directory.beginnings import DEFAULT
from outrig_backendai.slots import Slots, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrig.api import Session
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.request import NewSession
    from outrig_backendai.compute.sessions import Compute
    from outrig_backendai.directory.agents import Agent


def groups_for(compute: Compute, domain: str, asked: str | None) -> tuple[str, ...]:
    """Return the scaling groups a session may go to; raises `NotFoundError`."""
    groups = compute.directory.scaling_groups
    if asked is None:
        return _in_order(compute, [one.name for one in groups.of_domain(domain)])
    found = groups.get(asked)
    if found is None and asked in compute.outrig.configured_providers():
        see_all(compute)
        found = groups.get(asked)
    if found is None or not found.is_active:
        names = ", ".join(one.name for one in groups.all() if one.is_active)
        raise NotFoundError(f'there is no scaling group "{asked}" (there are: {names})')
    return (found.name,)


def _in_order(compute: Compute, groups: Sequence[str]) -> tuple[str, ...]:
    """Return scaling groups; those whose machines are made, and paid, for a session are last."""
    if len(groups) < 2:
        return tuple(groups)
    there = {one.scaling_group for one in compute.directory.agents.all() if not one.is_pool}
    return tuple(sorted(groups, key=lambda one: (one != DEFAULT, one not in there, one)))


def agents_of(compute: Compute, groups: Sequence[str], assigned: Sequence[str] = ()) -> list[Agent]:
    """Return the agents of some scaling groups that can be used, this computer first."""
    see_this_computer(compute.directory)
    found = [one for one in compute.directory.agents.all(groups) if one.status == "ALIVE"]
    found = [one for one in found if not assigned or one.id in assigned]
    return sorted(found, key=lambda one: (one.provider != "local", one.is_pool))


def check_possible(compute: Compute, wanted: NewSession, domain: str, slots: Slots) -> None:
    """Raise `CapacityError` when no agent could ever hold what is asked for."""
    groups = groups_for(compute, domain, wanted.scaling_group)
    agents = agents_of(compute, groups, wanted.assigned_agents)
    if not agents:
        where = ", ".join(groups) or "none"
        raise CapacityError(f"no agent can be used (scaling groups: {where})")
    fitting = [one for one in agents if one.fits(wanted.architecture)]
    if not fitting:
        there = ", ".join(sorted({one.architecture for one in agents}))
        raise CapacityError(f"no agent is {wanted.architecture} (they are: {there})")
    agents = fitting
    together = 1 if wanted.cluster_mode == MULTI_NODE else wanted.cluster_size
    needed = slots.times(together)
    lacking = [None if one.is_pool else needed.lacking(one.slots) for one in agents]
    if None not in lacking:
        raise CapacityError(_refusal(lacking[0] or "", needed, agents))


def _refusal(name: str, needed: Slots, agents: Sequence[Agent]) -> str:
    if name == "cuda":
        most = max(one.slots.devices for one in agents)
        return f"no agent has {needed.devices:g} GPUs (the most is {most:g})"
    if name == "mem":
        most_mib = max(one.slots.mem for one in agents) >> 20
        return f"no agent has {needed.mem >> 20} MiB of memory (the most is {most_mib})"
    most_cpu = max(one.slots.cpu for one in agents)
    return f"no agent has {needed.cpu:g} cores (the most is {most_cpu:g})"


def is_here(compute: Compute, session: Session) -> bool:
    """Tell whether an Outrig session is on this computer."""
    from outrig.api import OnThisComputer

    return isinstance(compute.outrig.runtime.provider(session), OnThisComputer)


def held_on(sessions: Iterable[ComputeSession]) -> dict[str, Slots]:
    """Return what sessions hold of each agent."""
    held: dict[str, list[Slots]] = {}
    for session in sessions:
        for kernel in session.kernels:
            if kernel.agent is not None:
                held.setdefault(kernel.agent, []).append(session.slots)
    return {agent: total(slots) for agent, slots in held.items()}
