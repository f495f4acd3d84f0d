"""The processes that follow runs: used again within a batch, and killed at bad moments."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.ids import new_id
from outrig.model.resources import Resources
from outrig.model.run import RunStatus, Task

if TYPE_CHECKING:
    from outrig.model.run import RunRef
    from outrig.testing.providers import Held

ALL_CORES = Resources(cpu=len(os.sched_getaffinity(0)))
LIMIT_S = 60


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + LIMIT_S
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def with_a_free_shim(held: Held) -> tuple[tuple[RunRef, ...], int]:
    """Start a batch of which one run ended, one waits for a door and one for slots."""
    door = "while [ ! -e door ]; do sleep 0.02; done; exit 3"
    refs = held.start(
        Task(id=new_id(), script="echo $PPID"),
        Task(id=new_id(), script=door, resources=ALL_CORES),
        Task(id=new_id(), script="exit 4", resources=ALL_CORES),
    )
    held.wait(refs[0])
    while held.runner.wait(refs[1:2], LIMIT_S)[0].status is RunStatus.QUEUED:
        pass
    return refs, int(held.log(refs[0]))


def test_a_batch_one_after_the_other_needs_one_shim(held: Held) -> None:
    refs = held.start(*(Task(id=new_id(), script="echo $PPID") for _ in range(5)), cap=1)
    assert [state.exit_code for state in held.wait(*refs)] == [0] * 5
    assert len({held.log(ref) for ref in refs}) == 1


def test_a_command_that_leaves_something_behind_does_not_hurt_the_next(held: Held) -> None:
    refs = held.start(
        Task(id=new_id(), script="setsid sleep 600 & exit 5"),
        Task(id=new_id(), script="echo on", timeout_s=LIMIT_S),
        Task(id=new_id(), script="kill -9 $$"),
        Task(id=new_id(), script="exit 6"),
        cap=1,
    )
    assert [state.exit_code for state in held.wait(*refs)] == [5, 0, 137, 6]


def test_a_background_process_outlives_the_next_run_of_its_batch(held: Held) -> None:
    refs = held.start(
        Task(id=new_id(), script="sleep 600 & echo $!", background=True),
        Task(id=new_id(), script="true"),
        cap=1,
    )
    assert [state.exit_code for state in held.wait(*refs)] == [0, 0]
    background = int(held.log(refs[0]))
    assert Path(f"/proc/{background}/cmdline").read_bytes().startswith(b"sleep")
    os.kill(background, signal.SIGTERM)


def test_a_free_shim_that_is_killed_is_replaced(held: Held) -> None:
    refs, shim = with_a_free_shim(held)
    os.kill(shim, signal.SIGKILL)
    wait_until_gone(shim)
    held.sh("touch door")
    assert [state.exit_code for state in held.wait(*refs)] == [0, 3, 4]


def test_free_shims_go_when_the_keeper_is_killed(held: Held, root: Path) -> None:
    refs, shim = with_a_free_shim(held)
    os.kill(int((root / "keeper.lock").read_text().split()[0]), signal.SIGKILL)
    wait_until_gone(shim)
    held.sh("touch door")
    assert [state.exit_code for state in held.wait(*refs)] == [0, 3, 4]


def test_what_a_run_used_is_known_though_its_shim_was_killed(held: Held) -> None:
    program = "python3 -c 'len(bytes(range(256)) * (50 << 12))'"
    state, _, _ = held.sh(f"kill -9 $PPID; {program}; exit 7")
    assert state.exit_code == 7
    assert state.usage is not None
    assert state.usage.peak_memory_mib > 0
    assert state.usage.cpu_s > 0


@pytest.mark.timeout(120)
def test_waiting_for_what_has_ended_returns_at_once(held: Held) -> None:
    (ref,) = held.start(Task(id=new_id(), script="exit 5"))
    held.wait(ref)
    for _ in range(3):
        (state,) = held.runner.wait((ref,), 600)
        assert state.exit_code == 5


def test_a_run_that_cannot_be_followed_says_why(held: Held, root: Path) -> None:
    run = new_id()
    (root / "r" / run / "lock").mkdir(parents=True)
    (ref,) = held.start(Task(id=run, script="true"))
    (state,) = held.wait(ref)
    assert (state.status, state.exit_code) == (RunStatus.FAILED, 125)
    assert state.reason == f"the node could not start it: {root}: Is a directory"
