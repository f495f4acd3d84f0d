"""Slots, caps and queues: what does not fit waits, and starts by itself."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.ids import new_id
from outrig.model.resources import Resources
from outrig.model.run import RunStatus, Task
from outrig.testing.leaks import processes_below
from outrig.testing.providers import Held
from outrig_local.provider import LocalProvider, LocalSettings

if TYPE_CHECKING:
    from outrig.model.run import RunRef

CORES = len(os.sched_getaffinity(0))
WAITING = int(os.environ.get("OUTRIG_WAITING", "10000"))
OPEN_DOOR = "while [ ! -e door ]; do sleep 0.02; done"


def tasks(count: int, script: str, **fields: object) -> tuple[Task, ...]:
    return tuple(Task(id=new_id(), script=script, **fields) for _ in range(count))  # type: ignore[arg-type]


def statuses(held: Held, refs: tuple[RunRef, ...]) -> list[str]:
    return [state.status.value for state in held.runner.observe(refs)]


def wait_until_running(held: Held, ref: RunRef) -> None:
    while held.runner.wait((ref,), 10)[0].status is RunStatus.QUEUED:
        pass


def test_what_does_not_fit_waits_and_starts_by_itself(held: Held) -> None:
    (first,) = held.start(*tasks(1, OPEN_DOOR, resources=Resources(cpu=CORES)))
    (second,) = held.start(*tasks(1, "echo second", resources=Resources(cpu=1)))
    wait_until_running(held, first)
    assert statuses(held, (first, second)) == ["RUNNING", "QUEUED"]
    assert held.sh("echo no slots asked for")[0].status is RunStatus.SUCCEEDED
    held.sh("touch door")
    assert {state.status for state in held.wait(first, second)} == {RunStatus.SUCCEEDED}


def test_first_come_first_served(held: Held) -> None:
    all_cores = Resources(cpu=CORES)
    (first,) = held.start(*tasks(1, OPEN_DOOR, resources=all_cores))
    large = held.start(*tasks(3, "date +%s.%N", resources=all_cores))
    small = held.start(*tasks(3, "date +%s.%N", resources=Resources(cpu=0.1)))
    held.sh("touch door")
    held.wait(first, *large, *small)
    times = [float(held.log(ref)) for ref in (*large, *small)]
    assert max(times[:3]) < min(times[3:])


def test_a_waiting_run_that_is_cancelled_never_starts(held: Held) -> None:
    first, second, third = held.start(*tasks(3, f"echo ran >> ran; {OPEN_DOOR}"), cap=1)
    wait_until_running(held, first)
    held.runner.cancel((second,), 1)
    assert statuses(held, (first, second, third)) == ["RUNNING", "CANCELLED", "QUEUED"]
    held.sh("touch door")
    found = [state.status.value for state in held.wait(first, second, third)]
    assert found == ["SUCCEEDED", "CANCELLED", "SUCCEEDED"]
    assert held.sh("cat ran")[1] == b"ran\nran\n"


def test_two_hundred_runs_at_once(held: Held) -> None:
    with ThreadPoolExecutor(8) as pool:
        started = list(pool.map(lambda _: held.start(*tasks(25, "exit 3")), range(8)))
    states = held.wait(*(ref for refs in started for ref in refs))
    assert [state.exit_code for state in states] == [3] * 200


def test_thousands_that_wait_cost_lines_in_a_file(held: Held, root: Path) -> None:
    refs = held.start(*tasks(WAITING, OPEN_DOOR), cap=1)
    wait_until_running(held, refs[0])
    assert set(statuses(held, refs[1:])) == {"QUEUED"}
    assert len(processes_below(root)) < 10
    assert len(list((root / "inbox").iterdir())) == 1
    assert len(list((root / "r").iterdir())) == 1


def test_the_keeper_ends_when_nothing_is_left(held: Held, root: Path) -> None:
    held.sh("true")
    pid = int((root / "keeper.lock").read_text().split()[0])
    while Path(f"/proc/{pid}/stat").exists():
        if Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] == "Z":
            break
    assert list((root / "inbox").iterdir()) == []
    assert list((root / "batch").iterdir()) == []


def test_two_clients_share_one_node(held: Held, root: Path) -> None:
    other = LocalProvider(LocalSettings(root=str(root)))
    task = Task(id=new_id(), script="echo once >> count; sleep 0.05; cat count")
    here = held.start(task)
    guest = Held(other)
    guest.session_id = held.session_id
    there = guest.start(task)
    assert here == there
    assert guest.wait(*there) == held.wait(*here)
    assert guest.log(there[0]) == b"once\n"
    other.close()


def test_a_run_goes_on_when_its_client_is_gone(root: Path, held: Held) -> None:
    leaver = LocalProvider(LocalSettings(root=str(root)))
    guest = Held(leaver)
    guest.session_id = held.session_id
    (ref,) = guest.start(*tasks(1, f"{OPEN_DOOR}; echo done; exit 9"))
    wait_until_running(guest, ref)
    leaver.close()
    held.sh("touch door")
    (state,) = held.wait(ref)
    assert (state.exit_code, held.log(ref)) == (9, b"done\n")


@pytest.mark.parametrize("count", [1, 50])
def test_ending_a_session_ends_its_runs_and_its_queue(
    held: Held, root: Path, provider: LocalProvider, count: int
) -> None:
    refs = held.start(*tasks(count, "sleep 600"), cap=2)
    wait_until_running(held, refs[0])
    held.end()
    assert provider.kept(held.head).sessions == ()
    assert list((root / "r").iterdir()) == []
    assert list((root / "s").iterdir()) == []
