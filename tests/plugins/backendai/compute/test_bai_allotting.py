"""Which agent and which devices a session gets."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from outrig_backendai.compute.allotting import Room
from outrig_backendai.compute.creating import new_kernels
from outrig_backendai.compute.places import held_on
from outrig_backendai.compute.record import ComputeSession, SessionStatus
from outrig_backendai.directory.agents import Agent
from outrig_backendai.slots import Slots

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SMALL = Agent(id="i-small", scaling_group="here", provider="ssh", slots=Slots(cpu=2, mem=100))
LARGE = Agent(
    id="i-large", scaling_group="there", provider="ssh", slots=Slots(cpu=8, mem=400, cuda_device=2)
)
POOL = Agent(id="aws", scaling_group="cloud", provider="aws", is_pool=True)


def _session(slots: Slots, size: int = 1, mode: str = "single-node") -> ComputeSession:
    return ComputeSession(
        id="1",
        name="train",
        access_key="AKIA",
        user_email="",
        user_id="",
        domain="default",
        group="default",
        image="python",
        type="interactive",
        status=SessionStatus.PENDING,
        status_changed=NOW,
        created_at=NOW,
        slots=slots,
        cluster_size=size,
        cluster_mode=mode,
        kernels=new_kernels(size),
    )


def _agents(room: Room, session: ComputeSession, *groups: str) -> list[str] | None:
    found = room.take(session, groups)
    return None if found is None else [agent.id for agent, _ in found]


def test_all_kernels_of_one_node_are_together_or_nowhere() -> None:
    room = Room([SMALL, replace(SMALL, id="i-other")], {}, [])
    three = _session(Slots(cpu=1, mem=10), size=3)
    assert _agents(room, three, "here") is None
    spread = replace(three, cluster_mode="multi-node")
    assert _agents(room, spread, "here") == ["i-small", "i-small", "i-other"]
    assert _agents(room, spread, "here") is None
    assert _agents(room, _session(Slots(cpu=1, mem=10)), "here") == ["i-other"]


def test_scaling_groups_are_tried_in_turn_and_agents_can_be_named() -> None:
    room = Room([SMALL, LARGE, POOL], {}, [])
    large = _session(Slots(cpu=4, mem=10))
    assert _agents(room, large, "here") is None
    assert _agents(room, large, "here", "there") == ["i-large"]
    assert _agents(room, replace(large, assigned_agents=("aws",)), "here", "cloud") == ["aws"]


def test_parts_of_devices_are_put_together_and_whole_ones_kept_whole() -> None:
    room = Room([LARGE], {}, [])
    half, whole = _session(Slots(cpu=1, cuda_shares=0.5)), _session(Slots(cpu=1, cuda_device=1))
    first = room.take(half, ["there"])
    assert first is not None
    assert first[0][1] == ((0, 0.5),)
    second = room.take(whole, ["there"])
    assert second is not None
    assert second[0][1] == ((1, 1.0),)
    third = room.take(half, ["there"])
    assert third is not None
    assert third[0][1] == ((0, 0.5),)
    assert room.take(half, ["there"]) is None


def test_what_runs_already_has_its_room_and_its_devices() -> None:
    running = _session(Slots(cpu=6, mem=10, cuda_shares=1.5))
    kernel = replace(running.main, agent="i-large", devices=((0, 1.0), (1, 0.5)))
    running = replace(running, kernels=(kernel,))
    room = Room([LARGE], held_on([running]), [running])
    assert room.take(_session(Slots(cpu=1, cuda_device=1)), ["there"]) is None
    left = room.take(_session(Slots(cpu=2, cuda_shares=0.5)), ["there"])
    assert left is not None
    assert left[0][1] == ((1, 0.5),)
    assert room.take(_session(Slots(cpu=1)), ["there"]) is None
