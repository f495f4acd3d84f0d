"""GPUs are held whole or in part, and programs are told which and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import NewRun, Stream
from outrig_backendai.compute.record import SessionStatus
from outrig_backendai.place.entering import inside
from outrig_backendai.slots import Slots

if TYPE_CHECKING:
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute
    from tests.plugins.backendai.compute.conftest import Make

SIZE = 64 << 20


def _variables(compute: Compute, session: ComputeSession) -> dict[str, str]:
    outrig, there = compute.outrig, compute.outrig_session(session)
    run = NewRun(script=inside(compute.place(session), "env"))
    ended = outrig.wait(there, outrig.execute(there, [run]))[0]
    assert ended.ref is not None
    said = outrig.runtime.executor(there).read_log(ended.ref, Stream.OUT, 0, 65536).data.decode()
    return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)


def test_two_halves_share_a_device_and_a_whole_one_waits(compute: Compute, make: Make) -> None:
    half, whole = (
        Slots(cpu=0.25, mem=SIZE, cuda_shares=0.5),
        Slots(cpu=0.25, mem=SIZE, cuda_device=1),
    )
    sessions = [compute.wait_started(make(name, slots=half)) for name in ("left", "right")]
    assert [one.main.devices for one in sessions] == [((0, 0.5),), ((0, 0.5),)]
    told = _variables(compute, sessions[0])
    assert told["CUDA_VISIBLE_DEVICES"] == "0"
    assert told["XLA_PYTHON_CLIENT_MEM_FRACTION"] == "0.50"
    assert told["CUDA_MPS_ACTIVE_THREAD_PERCENTAGE"] == "50"
    late = compute.wait_started(make("whole", slots=whole), 0.2)
    assert late.status is SessionStatus.PENDING
    for one in sessions:
        compute.end(one)
    running = compute.wait_started(late, 60)
    assert running.main.devices == ((0, 1.0),)
    told = _variables(compute, running)
    assert told["CUDA_VISIBLE_DEVICES"] == "0"
    assert "XLA_PYTHON_CLIENT_MEM_FRACTION" not in told


def test_a_session_without_devices_sees_none(compute: Compute, make: Make) -> None:
    session = compute.wait_started(make("plain"))
    assert _variables(compute, session).get("CUDA_VISIBLE_DEVICES", "") == ""
