"""Hosts of Outrig's providers are agents: sessions run there as they do here."""

from __future__ import annotations

import platform
import time
from typing import TYPE_CHECKING

import pytest

from outrig.errors import CapacityError
from outrig_backendai.compute.agents import see_all, slots_of
from outrig_backendai.compute.capacity import capacity
from outrig_backendai.compute.record import Result, SessionStatus
from outrig_backendai.compute.request import BATCH, NewSession
from outrig_backendai.slots import Slots
from tests.plugins.ssh.conftest import host, lab, lab_of_all  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.machines import Machine
    from outrig_backendai.compute.sessions import Compute
    from tests.plugins.backendai.conftest import Bai

S = SessionStatus
SMALL = Slots(cpu=0.5, mem=128 << 20)


def test_this_computer_is_the_first_agent(compute: Compute) -> None:
    (agent,) = see_all(compute)
    assert agent.id == f"i-{platform.node()}"
    assert (agent.scaling_group, agent.status) == ("default", "ALIVE")
    assert agent.slots.cpu >= 1
    assert agent.slots.mem > 1 << 28


def test_a_host_is_an_agent_and_runs_sessions(
    compute: Compute,
    bai: Bai,
    host: Machine,  # noqa: F811 - the fixture
) -> None:
    bai.run("provider", "add", "ssh", host.name).checked()
    wanted = NewSession(
        image="python",
        name="afar",
        type=BATCH,
        startup_command="echo to >&2; exit 4",
        scaling_group="ssh",
        slots=SMALL,
    )
    session = compute.create(wanted).session
    agent = compute.directory.agents.get(f"i-{host.name}")
    assert agent is not None
    assert (agent.scaling_group, agent.status) == ("ssh", "ALIVE")
    assert agent.slots.cpu >= 1
    running = compute.wait_started(session, 60)
    assert running.main.agent == agent.id
    deadline = time.monotonic() + 60
    while compute.directory.sessions.now(session).status.live:
        assert time.monotonic() < deadline
        compute.settle(everywhere=True)
        time.sleep(0.1)
    ended = compute.directory.sessions.now(session)
    assert (ended.status, ended.result, ended.exit_code) == (S.TERMINATED, Result.FAILURE, 4)


def test_a_host_that_does_not_answer_gets_no_sessions(
    compute: Compute,
    bai: Bai,
    lab: object,  # noqa: F811 - the fixture
) -> None:
    bai.run("provider", "add", "ssh", "nobody@127.0.0.1:1").checked()
    agents = {one.id: one for one in see_all(compute)}
    assert agents["i-nobody@127.0.0.1:1"].status == "LOST"
    with pytest.raises(CapacityError, match=r"no agent can be used \(scaling groups: ssh\)"):
        compute.create(NewSession(image="python", scaling_group="ssh", slots=SMALL))


def test_a_cloud_is_one_agent_that_makes_machines(compute: Compute, bai: Bai) -> None:
    bai.run("config", "set", "providers.aws.region", "us-west-2").checked()
    pool = {one.id: one for one in see_all(compute)}["aws"]
    assert pool.is_pool
    assert compute.directory.scaling_groups.named("aws").domains == ()
    wanted = NewSession(
        image="python", scaling_group="aws", slots=Slots(cpu=4000, mem=1 << 40, cuda_device=8)
    )
    session = compute.create(wanted).session
    assert session.status is S.PENDING
    with pytest.raises(CapacityError, match="no agent has 4000 cores"):
        compute.create(NewSession(image="python", slots=Slots(cpu=4000, mem=1 << 30)))


def test_gpus_are_what_nvidia_smi_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA A10G'\necho 'NVIDIA A10G'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert slots_of(capacity()).cuda_device == 2
    program.write_text("#!/bin/sh\necho 'no devices were found'\nexit 6\n")
    assert slots_of(capacity()).devices == 0


def test_a_session_for_another_processor_is_refused(bai: Bai) -> None:
    other = "x86_64" if platform.machine() == "aarch64" else "arm64"
    refused = bai("start", "--arch", other, "python")
    assert refused.exit_code == 6
    assert f"no agent is {other} (they are: {platform.machine()})" in refused.err
