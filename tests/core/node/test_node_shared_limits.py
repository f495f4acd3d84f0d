"""Limits that all runs of a session share: they hold for them together, and take no slots."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.ids import new_id
from outrig.model.resources import Resources
from outrig.model.run import RunStatus, Task
from outrig.node.program.cgroup import group_name
from outrig.node.program.limits import Limiter, WatchedLimiter, limiter_for, mechanism
from outrig.node.program.record import Spec

if TYPE_CHECKING:
    from outrig.testing.providers import Held

needs_groups = pytest.mark.skipif(
    not mechanism().startswith("cgroup"), reason="no control group can be made here"
)
FILL = "import sys; x = bytearray(%d << 20); print('full', flush=True); sys.stdin.read()"


def shared(script: str, resources: Resources) -> Task:
    return Task(id=new_id(), script=script, resources=resources, of_session=True)


def groups_of(held: Held) -> list[Path]:
    return list(Path("/sys/fs/cgroup").rglob(group_name(held.session_id)))


def test_over_the_shared_memory_a_run_ends_with_that_reason(held: Held) -> None:
    (ref,) = held.start(shared('python3 -c "x = bytearray(256 << 20)"', Resources(memory_mib=64)))
    (state,) = held.wait(ref)
    if mechanism() != "systemd-run --user":
        assert (state.status, state.exit_code) == (RunStatus.FAILED, 137)
        assert state.reason == "memory limit 64 MiB exceeded"


@needs_groups
def test_runs_together_have_no_more_than_one_alone(held: Held) -> None:
    door = 'mkfifo first && exec 3<> first; python3 -c "' + FILL % 100 + '" <&3'
    limit = Resources(memory_mib=160)
    (first,) = held.start(shared(door, limit))
    held.wait_for_output(first, b"full\n")
    (second,) = held.start(shared(f'python3 -c "{FILL % 100}"', limit))
    killed = held.wait(second)[0]
    other = held.runner.observe((first,))[0]
    if killed.exit_code == 0:  # the other was the larger one
        killed = held.wait(first)[0]
    assert killed.exit_code == 137
    assert killed.reason == "memory limit 160 MiB exceeded"
    assert other.status in (RunStatus.RUNNING, RunStatus.FAILED)
    held.runner.cancel((first,), 1)
    held.wait(first)


def test_shared_limits_take_no_slots(held: Held) -> None:
    everything = Resources(cpu=len(os.sched_getaffinity(0)), memory_mib=64)
    refs = held.start(
        shared("while [ ! -e one ]; do sleep 0.02; done", everything),
        shared("touch one; while [ ! -e two ]; do sleep 0.02; done", everything),
        shared("touch two", everything),
    )
    assert [state.exit_code for state in held.wait(*refs)] == [0, 0, 0]


def test_cancelling_one_run_leaves_the_others_of_the_session_alone(held: Held) -> None:
    limit = Resources(memory_mib=256, cpu=1)
    refs = held.start(
        shared("trap '' TERM; echo on; while :; do sleep 0.05; done", limit),
        shared("echo on; while [ ! -e door ]; do sleep 0.02; done; exit 9", limit),
    )
    for ref in refs:
        held.wait_for_output(ref, b"on\n")
    held.runner.cancel(refs[:1], 0.1)
    assert held.wait(refs[0])[0].status is RunStatus.CANCELLED
    held.sh("touch door")
    assert held.wait(refs[1])[0].exit_code == 9


@needs_groups
def test_its_group_goes_with_the_last_run_and_with_the_session(held: Held) -> None:
    limit = Resources(memory_mib=256)
    held.wait(*held.start(shared("true", limit), shared("true", limit)))
    (kept,) = held.start(
        Task(
            id=new_id(),
            script="setsid sleep 600 > /dev/null 2>&1 & true",
            resources=limit,
            of_session=True,
            background=True,
        )
    )
    held.wait(kept)
    assert groups_of(held) != []
    held.end()
    assert groups_of(held) == []


def test_where_there_is_no_group_a_run_is_looked_after_by_its_memory() -> None:
    spec = Spec({"run": "r", "session": "s", "script": "true", "memory_mib": 1, "shared": True})
    watched = WatchedLimiter(spec)
    assert watched.is_exceeded_by([os.getpid()])
    assert not watched.is_exceeded_by([])
    assert watched.every_s is not None
    assert watched.exceeded() == "memory limit 1 MiB exceeded"


def test_a_spec_keeps_whether_its_limits_are_shared() -> None:
    fields = {"run": "r", "session": "s", "script": "true", "memory_mib": 1}
    alone, together = Spec(dict(fields)), Spec(dict(fields, shared=True))
    assert (alone.takes_slots(), together.takes_slots()) == (True, False)
    assert b'"shared": true' in together.encode()
    assert isinstance(limiter_for(together), Limiter)
