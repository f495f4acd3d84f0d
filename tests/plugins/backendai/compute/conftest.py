"""A scaling group of a known size: this computer's node as an agent with two cores."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from outrig_backendai.compute.request import BATCH, NewSession
from outrig_backendai.directory.agents import Agent
from outrig_backendai.directory.scaling_groups import ScalingGroupChange
from outrig_backendai.slots import Slots

if TYPE_CHECKING:
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute

GIB = 1 << 30
TINY = "tiny"
Make = Callable[..., "ComputeSession"]


@pytest.fixture
def make(compute: Compute) -> Make:
    """Put sessions into the queue of a scaling group of two cores.

    Each asks for one of them; `batch` is the command of a batch session, other
    arguments are those of `NewSession`.
    """
    compute.directory.scaling_groups.add(TINY, ScalingGroupChange())
    slots = Slots(cpu=2, mem=64 * GIB, cuda_device=1)
    compute.directory.agents.see(
        Agent(id="i-tiny", scaling_group=TINY, provider="local", slots=slots)
    )

    def made(name: str, *, batch: str | None = None, **others: object) -> ComputeSession:
        asked: dict[str, object] = {
            "name": name,
            "image": "python",
            "scaling_group": TINY,
            "slots": Slots(cpu=1, mem=GIB),
            **others,
        }
        if batch is not None:
            asked |= {"type": BATCH, "startup_command": batch}
        return compute.create(NewSession(**asked)).session  # type: ignore[arg-type]

    return made
