"""What a session has asked for holds for all that runs in it, together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.api import ConsoleRequest, NewRun, RunStatus, Stream
from outrig.node.program.limits import mechanism
from outrig.node.program.namespaces import why_no_namespaces
from outrig_backendai.place.entering import inside
from outrig_backendai.place.limits import limits_of

if TYPE_CHECKING:
    from outrig_backendai.compute.sessions import Compute
    from tests.plugins.backendai.conftest import Bai

TOO_MUCH = "x = bytearray(300 << 20); print('no limit')"
BY_GROUPS = mechanism().startswith("cgroup")
needs_groups = pytest.mark.skipif(not BY_GROUPS, reason="no control group can be made here")


def test_over_its_memory_a_run_ends_with_state_and_reason(bai: Bai, compute: Compute) -> None:
    killed = bai("run", "-t", "small", "-r", "mem=128m", "-c", TOO_MUCH, "python")
    assert killed.exit_code == 137
    assert killed.out == ""
    assert "memory limit 128 MiB exceeded" in killed.err
    there = compute.outrig_session(compute.find("small"))
    run = compute.outrig.runs(there)[0]
    assert (run.state.status, run.state.reason) == (
        RunStatus.FAILED,
        "memory limit 128 MiB exceeded",
    )
    again = bai("run", "-t", "small", "-r", "mem=128m", "-c", "print('goes on')", "python")
    assert again.checked().out == "goes on\n"


@needs_groups
@pytest.mark.skipif(bool(why_no_namespaces()), reason="no namespaces, hence nothing to enter")
def test_whatever_enters_a_session_is_in_its_group_which_goes_with_it(
    bai: Bai, compute: Compute
) -> None:
    bai("start", "-t", "held", "-r", "mem=200m", "-r", "cpu=0.5", "python").checked()
    session = compute.find("held")
    there = compute.outrig_session(session)
    script = inside(compute.place(session), "grep -h -o outrig-.* /proc/self/cgroup | sort -u")
    beside = compute.outrig.execute(there, [NewRun(script=script)])
    limited = compute.outrig.execute(there, [NewRun(script=script, **limits_of(session))])
    compute.outrig.wait(there, [*beside, *limited])
    console = compute.outrig.console(
        there, ConsoleRequest(session_id=there.id, node=there.nodes[0], argv=("sh", "-c", script))
    )
    try:
        said = b"".join(iter(console.read, b""))
    finally:
        console.close()
    control = compute.outrig.runtime.executor(there)
    refs = [run.ref for run in (*beside, *limited) if run.ref]
    logs = [control.read_log(ref, Stream.OUT, 0, 999).data for ref in refs]
    assert logs == [f"outrig-{there.id}\n".encode()] * 2
    assert f"outrig-{there.id}" in said.decode()
    bai("rm", "held").checked()
    assert list(Path("/sys/fs/cgroup").rglob(f"outrig-{there.id}")) == []


def test_shared_memory_is_told_to_programs_as_it_was_asked_for(bai: Bai) -> None:
    if why_no_namespaces():
        pytest.skip("no namespaces here")
    asks = "import os; s = os.statvfs('/dev/shm'); print(s.f_blocks * s.f_frsize >> 20)"
    words = ("run", "--rm", "-q", "--resource-opts", "shmem=33m", "-r", "mem=256m", "-c", asks)
    assert bai(*words, "python").checked().out == "33\n"
