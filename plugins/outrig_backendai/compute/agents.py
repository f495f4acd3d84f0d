"""Finding agents: this computer at once, what the configuration's providers have when needed."""

from __future__ import annotations

import json
import platform
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.errors import ConflictError, OutrigError, RemoteError
from outrig_backendai.compute import capacity
from outrig_backendai.directory.agents import Agent, plain
from outrig_backendai.directory.beginnings import DEFAULT
from outrig_backendai.directory.scaling_groups import ScalingGroupChange
from outrig_backendai.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future

    from outrig.api import Endpoint
    from outrig_backendai.compute.sessions import Compute
    from outrig_backendai.directory.database import Directory

ALIVE, LOST = "ALIVE", "LOST"
_AT_ONCE = 16


def see_this_computer(directory: Directory) -> Agent:
    """Record what this computer has, as the agent it is; returns it."""
    found = capacity.capacity()
    agent = Agent(
        id=f"i-{platform.node() or 'localhost'}",
        scaling_group=DEFAULT,
        provider="local",
        slots=slots_of(found),
        architecture=plain(str(found["machine"])),
    )
    known = directory.agents.get(agent.id)
    if known is None or known.slots != agent.slots or known.status != agent.status:
        directory.agents.see(agent)
    return agent


def see_all(compute: Compute) -> list[Agent]:
    """Look at all that the configuration's providers have, and record it; returns the agents.

    A host is an agent `i-HOST`. A cloud is one agent with the provider's name, which makes a
    machine for each container. Those of a provider are a scaling group of its name, which sessions
    go to that name it, until it is associated with a domain.
    """
    see_this_computer(compute.directory)
    for name in compute.outrig.configured_providers():
        try:
            found = _agents_of(compute, name)
        except OutrigError as err:
            compute.outrig.observer.notice(f"provider {name}: {err}")
            continue
        if found and compute.directory.scaling_groups.get(name) is None:
            _make_group(compute.directory, name)
        for agent in found:
            compute.directory.agents.see(agent)
    return compute.directory.agents.all()


def _make_group(directory: Directory, name: str) -> None:
    try:
        directory.scaling_groups.add(name, ScalingGroupChange(description=f"provider {name}"))
    except ConflictError:
        return  # another process was first


def _agents_of(compute: Compute, name: str) -> list[Agent]:
    from outrig.api import NodeProvider, NodeQuery, OnThisComputer, OwnsResources

    provider = compute.outrig.runtime.hooks.provider(name)
    if isinstance(provider, OnThisComputer) or not isinstance(provider, NodeProvider):
        return []
    if isinstance(provider, OwnsResources):
        return [Agent(id=name, scaling_group=name, provider=name, is_pool=True)]
    nodes = compute.outrig.inventory(name, NodeQuery()).nodes
    agents = [
        Agent(id=f"i-{node.id}", scaling_group=name, provider=name, settings={"hosts": [node.id]})
        for node in nodes
    ]
    tasks = _asked([provider.endpoint(node) for node in nodes])
    return [_told(compute, *pair) for pair in zip(agents, tasks, strict=True)]


def _asked(endpoints: Sequence[Endpoint]) -> list[Future[str]]:
    """Ask hosts what they have, several at a time."""
    from concurrent.futures import ThreadPoolExecutor

    from outrig.api import remote_python

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return [pool.submit(remote_python, one, _program()) for one in endpoints]


def _told(compute: Compute, agent: Agent, task: Future[str]) -> Agent:
    """Return an agent with what its host said it has; one that does not answer is LOST."""
    try:
        found = _read(task.result())
    except OutrigError as err:
        compute.outrig.observer.notice(f"agent {agent.id} does not answer: {err}")
        known = compute.directory.agents.get(agent.id)
        return replace(agent, status=LOST, slots=agent.slots if known is None else known.slots)
    return replace(agent, slots=slots_of(found), architecture=plain(str(found["machine"])))


def _program() -> str:
    """Return the program that tells what a machine has."""
    source = Path(capacity.__file__).read_text(encoding="utf-8")
    return f"{source}\nimport json\nprint(json.dumps(capacity()))\n"


def _read(text: str) -> Mapping[str, object]:
    try:
        found = json.loads(text.strip().splitlines()[-1])
        return {
            "cpu": float(found["cpu"]),
            "mem": int(found["mem"]),
            "gpus": list(found["gpus"]),
            "machine": str(found["machine"]),
        }
    except (ValueError, TypeError, KeyError, IndexError) as err:
        raise RemoteError(f"what it says it has is not understood: {text[:100]!r}") from err


def slots_of(found: Mapping[str, object]) -> Slots:
    """Return a machine's capacity as slots."""
    gpus = found.get("gpus")
    return Slots(
        cpu=float(str(found["cpu"])),
        mem=int(str(found["mem"])),
        cuda_device=float(len(gpus)) if isinstance(gpus, list) else 0.0,
    )
