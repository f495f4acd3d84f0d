"""Finding agents: this computer at once, what the configuration's providers have when needed."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from outrig_backendai.compute.capacity import capacity
from outrig_backendai.directory.agents import Agent
from outrig_backendai.directory.beginnings import DEFAULT
from outrig_backendai.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig_backendai.directory.database import Directory


def see_this_computer(directory: Directory) -> Agent:
    """Record what this computer has, as the agent it is; returns it."""
    agent = Agent(
        id=f"i-{platform.node() or 'localhost'}",
        scaling_group=DEFAULT,
        provider="local",
        slots=slots_of(capacity()),
    )
    known = directory.agents.get(agent.id)
    if known is None or known.slots != agent.slots or known.status != agent.status:
        directory.agents.see(agent)
    return agent


def slots_of(found: Mapping[str, object]) -> Slots:
    """Return a machine's capacity as slots."""
    gpus = found.get("gpus")
    return Slots(
        cpu=float(str(found["cpu"])),
        mem=int(str(found["mem"])),
        cuda_device=float(len(gpus)) if isinstance(gpus, list) else 0.0,
    )
