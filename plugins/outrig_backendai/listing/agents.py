"""The fields of agents: where kernels run, and how much of it is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError
from outrig_backendai.compute.agents import see_all, see_this_computer
from outrig_backendai.compute.places import held_on
from outrig_backendai.directory.agents import Agent
from outrig_backendai.listing.field import Field
from outrig_backendai.listing.session_fields import slots_text
from outrig_backendai.slots import NONE, Slots

if TYPE_CHECKING:
    from outrig_backendai.compute.sessions import Compute

ANY_STATUS = "ALL"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAgent:
    """An agent, what sessions hold of it, and how many kernels of theirs it has."""

    agent: Agent
    held: Slots = NONE
    kernels: int = 0


def list_agents(compute: Compute) -> list[ListedAgent]:
    """Return all agents as they are now, this computer's first."""
    compute.settle()
    this = see_this_computer(compute.directory)
    agents = see_all(compute)
    holding = compute.directory.sessions.holding()
    held = held_on(holding)
    counts: dict[str | None, int] = {}
    for session in holding:
        for kernel in session.kernels:
            counts[kernel.agent] = counts.get(kernel.agent, 0) + 1
    found = sorted(agents, key=lambda one: (one.id != this.id, one.id))
    return [
        ListedAgent(agent=one, held=held.get(one.id, NONE), kernels=counts.get(one.id, 0))
        for one in found
    ]


def one_agent(compute: Compute, agent_id: str) -> ListedAgent:
    """Return the agent of that id; raises `NotFoundError` naming what there is."""
    agents = list_agents(compute)
    for one in agents:
        if one.agent.id == agent_id:
            return one
    names = ", ".join(one.agent.id for one in agents)
    raise NotFoundError(f'there is no agent "{agent_id}" (there are: {names})')


FIELDS: tuple[Field[ListedAgent], ...] = (
    Field("id", "ID", lambda one: one.agent.id, ("agent_id",)),
    Field("status", "Status", lambda one: one.agent.status),
    Field("scaling_group", "Scaling Group", lambda one: one.agent.scaling_group),
    Field("provider", "Provider", lambda one: one.agent.provider, ("region",)),
    Field(
        "available_slots",
        "Available Slots",
        lambda one: one.agent.slots.pairs(),
        (),
        lambda one: slots_text(one.agent.slots),
    ),
    Field(
        "occupied_slots",
        "Occupied Slots",
        lambda one: one.held.pairs(),
        (),
        lambda one: slots_text(one.held),
    ),
    Field("kernels", "Kernels", lambda one: one.kernels, ("compute_containers",)),
    Field("is_pool", "Makes Machines?", lambda one: one.agent.is_pool),
    Field("first_contact", "First Contact", lambda one: one.agent.first_contact),
    Field("last_contact", "Last Contact", lambda one: one.agent.seen_at, ("seen_at",)),
)
SHOWN = FIELDS[:7]
