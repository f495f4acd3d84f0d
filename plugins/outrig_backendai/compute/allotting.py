"""How much room agents have, and which of it a session's kernels get."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig_backendai.compute.request import SINGLE_NODE
from outrig_backendai.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.directory.agents import Agent

    Devices = tuple[tuple[int, float], ...]
    Allotment = list[tuple[Agent, Devices]]

_NEARLY = 1e-6


class Room:
    """What agents have left; what is taken is taken for this turn."""

    def __init__(
        self,
        agents: Sequence[Agent],
        held: Mapping[str, Slots],
        holding: Sequence[ComputeSession],
    ) -> None:
        self._agents = list(agents)
        self._free = {one.id: one.slots.less(held.get(one.id, Slots())) for one in agents}
        self._devices = {one.id: [1.0] * int(one.slots.devices) for one in agents}
        for session in holding:
            for kernel in session.kernels:
                _give(self._devices.get(kernel.agent or "", []), kernel.devices)

    def take(self, session: ComputeSession, groups: Sequence[str]) -> Allotment | None:
        """Take room for all kernels of a session, or none; returns who got what."""
        for group in groups:
            agents = [one for one in self._agents if one.scaling_group == group]
            agents = [one for one in agents if one.fits(session.architecture)]
            if session.assigned_agents:
                agents = [one for one in agents if one.id in session.assigned_agents]
            single = session.cluster_mode == SINGLE_NODE
            choices = [[one] for one in agents] if single else [agents]
            for choice in choices:
                found = self._on(session, choice)
                if found is not None:
                    return found
        return None

    def _on(self, session: ComputeSession, agents: Sequence[Agent]) -> Allotment | None:
        """Take room for all kernels on some agents; gives it back when one finds none."""
        free = dict(self._free)
        devices = {agent: list(left) for agent, left in self._devices.items()}
        found: Allotment = []
        for _ in session.kernels:
            one = self._one(session.slots, agents)
            if one is None:
                self._free, self._devices = free, devices
                return None
            found.append(one)
        return found

    def _one(self, slots: Slots, agents: Sequence[Agent]) -> tuple[Agent, Devices] | None:
        for agent in agents:
            if agent.is_pool:
                return agent, ()
            if slots.lacking(self._free[agent.id]) is not None:
                continue
            devices = _choose(self._devices[agent.id], slots)
            if devices is not None:
                _give(self._devices[agent.id], devices)
                self._free[agent.id] = self._free[agent.id].less(slots)
                return agent, devices
        return None


def _give(left: list[float], devices: Devices) -> None:
    for index, share in devices:
        if index < len(left):
            left[index] = round(left[index] - share, 6)


def _choose(left: Sequence[float], slots: Slots) -> Devices | None:
    """Choose devices: whole ones that are unused, and for the rest the fullest it fits on."""
    shares = slots.cuda_shares
    whole, part = int(slots.cuda_device + shares + _NEARLY), (shares % 1)
    part = 0.0 if part < _NEARLY or 1 - part < _NEARLY else part
    unused = [index for index, share in enumerate(left) if share > 1 - _NEARLY]
    if len(unused) < whole:
        return None
    taken = [(index, 1.0) for index in unused[:whole]]
    if part:
        rest = [(share, index) for index, share in enumerate(left) if index not in unused[:whole]]
        fitting = sorted(one for one in rest if one[0] + _NEARLY >= part)
        if not fitting:
            return None
        taken.append((fitting[0][1], part))
    return tuple(taken)
