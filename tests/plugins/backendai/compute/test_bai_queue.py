"""Sessions wait their turn, first come first served, and start by themselves."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from outrig.api import Lock, Outrig, is_held
from outrig.errors import ConflictError
from outrig_backendai.compute.background import schedule
from outrig_backendai.compute.holds import Holds
from outrig_backendai.compute.record import Result, SessionStatus
from outrig_backendai.compute.scheduling import turn
from outrig_backendai.compute.sessions import Compute
from outrig_backendai.compute.waking import NAME
from outrig_backendai.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig_backendai.compute.record import ComputeSession
    from tests.plugins.backendai.compute.conftest import Make
    from tests.plugins.backendai.conftest import Bai

S = SessionStatus
WAIT_S = 90


def until(compute: Compute, holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline, [
            (one.name, one.status, one.status_info) for one in compute.directory.sessions.select()
        ]
        time.sleep(0.05)


def statuses(compute: Compute, *sessions: ComputeSession) -> list[SessionStatus]:
    return [compute.directory.sessions.now(one).status for one in sessions]


def test_who_came_first_is_first_also_when_others_would_fit(compute: Compute, make: Make) -> None:
    large, small = make("large", slots=Slots(cpu=2, mem=64 << 20)), make("small")
    with Holds(compute) as holds:
        running = make("running")
        holds.take(running.id)
        compute.directory.sessions.change(running.id, lambda one: replace(one, priority=20))
        assert [one.name for one in turn(compute, holds.ids)] == ["running"]
        for one in (large, small):
            holds.take(one.id)
        assert turn(compute, holds.ids) == []
        urgent = make("urgent", priority=11)
        holds.take(urgent.id)
        assert [one.name for one in turn(compute, holds.ids)] == ["urgent"]
    assert statuses(compute, large, small) == [S.PENDING, S.PENDING]


def test_room_is_kept_for_those_before_that_somebody_else_works_on(
    compute: Compute, make: Make
) -> None:
    others, ours = make("others", slots=Slots(cpu=1.5, mem=64 << 20)), make("ours")
    with Holds(compute) as holds:
        holds.take(ours.id)
        assert turn(compute, holds.ids) == []
        holds.take(others.id)
        assert [one.name for one in turn(compute, holds.ids)] == ["others"]


def test_a_wait_that_takes_too_long_leaves_the_session_in_the_queue(
    compute: Compute, make: Make
) -> None:
    first = compute.wait_started(make("first", slots=Slots(cpu=2, mem=64 << 20)))
    second = compute.wait_started(make("second"), 0.2)
    assert (first.status, second.status) == (S.RUNNING, S.PENDING)
    compute.end(first)
    until(compute, lambda: statuses(compute, second) == [S.RUNNING])  # by itself


def test_commands_wait_for_room_and_one_that_is_stopped_leaves_the_queue_to_others(
    compute: Compute, make: Make, bai: Bai
) -> None:
    first = compute.wait_started(make("first", slots=Slots(cpu=2, mem=64 << 20)))
    words = ("start", "-t", "second", "--scaling-group", "tiny", "python")
    waiting = bai.run.start("bai", *words)
    until(compute, lambda: bool(compute.directory.sessions.queue()))
    second = compute.directory.sessions.queue()[0]
    late = bai(*words, "--max-wait", "1")
    assert (late.exit_code, late.out) == (125, f"{second.id}\n")
    assert "still on the job queue (no room for it yet in scaling group tiny)" in late.err
    waiting.process.kill()
    waiting.wait()
    compute.end(first)
    compute.wake()
    until(compute, lambda: statuses(compute, second) == [S.RUNNING])


def test_a_queue_of_batch_sessions_runs_dry_by_itself(
    compute: Compute, make: Make, bai: Bai
) -> None:
    queued = [make(f"case-{number}", batch="true") for number in range(6)]
    enqueued = bai(
        "start", "--type", "batch", "-c", "exit 3", "--enqueue-only", "-t", "last",
        "--scaling-group", "tiny", "python",
    ).checked()  # fmt: skip
    assert enqueued.out.endswith("is enqueued for scheduling.\n")
    until(compute, lambda: not compute.directory.sessions.holding() and not _queue(compute))
    until(compute, lambda: not is_held(compute.directory.state_directory, NAME))
    done = [compute.directory.sessions.now(one) for one in queued]
    assert {(one.status, one.result, one.exit_code) for one in done} == {
        (S.TERMINATED, Result.SUCCESS, 0)
    }
    last = compute.find("last", live=False)
    assert (last.result, last.exit_code, last.status_info) == (Result.FAILURE, 3, "task-failed")
    assert bai("watch", "last").exit_code == 3


def _queue(compute: Compute) -> list[ComputeSession]:
    return compute.directory.sessions.queue()


@pytest.mark.timeout(300)
def test_two_hundred_sessions_share_two_cores(compute: Compute, make: Make) -> None:
    part = Slots(cpu=0.25, mem=64 << 20)
    queued = [make(f"tiny-{number:03}", batch="true", slots=part) for number in range(200)]
    most = []
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(schedule, compute)
        with Outrig() as other:
            looking = Compute(other)
            while not working.done():
                held = [one.occupied.cpu for one in looking.directory.sessions.holding()]
                most.append(sum(held))
                time.sleep(0.1)
            looking.directory.close()
        working.result()
    assert 1 < max(most) <= 2
    done = [compute.directory.sessions.now(one) for one in queued]
    assert {(one.status, one.result, one.status_info) for one in done} == {
        (S.TERMINATED, Result.SUCCESS, "task-done")
    }
    began = [one.scheduled_at.timestamp() for one in done if one.scheduled_at is not None]
    assert began == sorted(began)


def test_the_scheduler_works_until_nothing_waits_and_never_twice(
    compute: Compute, make: Make, bai: Bai
) -> None:
    session = make("waits")
    lock = Lock(compute.directory.state_directory, NAME)
    assert lock.take()
    bai("schedule").checked()
    assert statuses(compute, session) == [S.PENDING]
    lock.close()
    bai("schedule").checked()
    assert statuses(compute, session) == [S.RUNNING]


def test_batch_sessions_start_at_their_time(compute: Compute, make: Make) -> None:
    due = compute.now() + timedelta(seconds=1.5)
    later = make("later", batch="true", starts_at=due)
    sooner = make("sooner", batch="true", slots=Slots(cpu=2, mem=64 << 20))
    ended = compute.wait_started(sooner)
    assert ended.status in (S.RUNNING, S.TERMINATED)
    begun = compute.wait_started(later)
    assert begun.scheduled_at is not None
    assert begun.scheduled_at >= due


def test_a_session_waits_for_those_it_depends_on(compute: Compute, make: Make) -> None:
    first = make("first", batch="true")
    second = make("second", batch="exit 2", depends=("first",))
    third = make("third", depends=("first", "second"))
    schedule(compute)
    assert statuses(compute, first, second) == [S.TERMINATED, S.TERMINATED]
    before = [compute.directory.sessions.now(one) for one in (first, second)]
    assert before[0].terminated_at is not None
    assert str(before[0].terminated_at) <= str(before[1].scheduled_at)
    with pytest.raises(ConflictError, match="second, which it depends on, did not succeed"):
        compute.wait_started(third)
    assert statuses(compute, third) == [S.CANCELLED]


def test_two_processes_never_start_one_session_twice(compute: Compute, make: Make) -> None:
    names = [f"same-{number}" for number in range(4)]
    sessions = [make(name, slots=Slots(cpu=0.5, mem=64 << 20)) for name in names]

    def start(number: int) -> SessionStatus:
        with Outrig() as engine:
            one = Compute(engine)
            try:
                return one.wait_started(sessions[number % 4]).status
            finally:
                one.directory.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(start, range(8))) == {S.RUNNING}
    assert len(compute.outrig.sessions("backend.ai")) == 4
    for one in sessions:
        events = [event.name for event in compute.directory.events.of_session(one.id)]
        assert events.count("session_started") == 1
