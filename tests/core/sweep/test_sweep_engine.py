"""Sweeps by the library: clocks that jump, disks that are full, turns that are repeated."""

from __future__ import annotations

import os
import subprocess
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.api import Outrig
from outrig.errors import ConfigError, ConflictError, NotFoundError, OutrigError, UsageError
from outrig.ids import new_id
from outrig.model.run import RunStatus
from outrig.model.sweep import Sweep, SweepOptions, SweepState
from outrig.session.runtime import utc_now
from outrig.sweep.again import NO_SUCCESS
from outrig.sweep.create import Created, SweepRequest, plan_cases
from outrig.sweep.due import parse_moment
from outrig.sweep.grid import GridOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.testing.fixtures import ProjectMaker

COMMAND = {
    "name": "try",
    "command": 'echo {{n}} >> "$HOME/tried"; test -e "$HOME/well"',
    "params": [{"name": "n", "type": "int"}],
}


@pytest.fixture
def outrig(project: ProjectMaker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outrig]:
    """An engine in a project whose command fails until ~/well is there."""
    monkeypatch.chdir(project({"outrig.yaml": {"name": "p", "commands": [COMMAND]}}))
    with Outrig() as engine:
        yield engine
        for session in engine.sessions():
            engine.stop(session)


def request(outrig: Outrig, expression: str, **options: object) -> SweepRequest:
    project = outrig.project()
    command = project.command("try")
    assert command is not None
    grid = outrig.sweeps.grid(command, {"n": expression}, GridOptions())
    return SweepRequest(
        start=outrig.request(project, name="s"),
        command="try",
        names=grid.names,
        cases=plan_cases(project, command, grid),
        options=SweepOptions(**options),  # type: ignore[arg-type]
    )


def created(outrig: Outrig, expression: str, **options: object) -> Sweep:
    made = outrig.sweeps.create(request(outrig, expression, **options))
    assert made.sweep is not None
    return made.sweep


def well() -> None:
    (Path.home() / "well").touch()


def test_a_clock_that_is_set_back_does_not_make_a_retry_wait(outrig: Outrig) -> None:
    sweep = created(outrig, "case:1", retries=1, backoff_s=30)
    driver = outrig.sweeps.driver(sweep)
    while driver.sweeps.cases(sweep.id)[0].attempt == 1:
        driver.turn()
        driver.pause(sweep)
    well()
    assert not driver.turn().state.ended
    assert not driver.sweeps.cases(sweep.id)[0].handed
    driver.close()
    outrig.runtime.clock = lambda: utc_now() - timedelta(days=400)
    assert outrig.sweeps.drive(sweep).state is SweepState.SUCCEEDED


def test_a_clock_that_jumps_ahead_starts_what_waited_for_it(outrig: Outrig) -> None:
    well()
    sweep = created(outrig, "case:1", starts_at=utc_now() + timedelta(days=30))
    driver = outrig.sweeps.driver(sweep)
    assert driver.turn().state is SweepState.WAITING
    driver.close()
    outrig.runtime.clock = lambda: utc_now() + timedelta(days=31)
    assert outrig.sweeps.drive(sweep).state is SweepState.SUCCEEDED


def test_what_may_not_have_arrived_is_sent_again_and_runs_once(outrig: Outrig) -> None:
    well()
    sweep = created(outrig, "range:5")
    driver = outrig.sweeps.driver(sweep)
    driver.turn()
    with outrig.state.database.write() as rows:  # as if this had been killed before it noted it
        rows.execute("UPDATE sweep_case SET handed = 0, status = 'QUEUED', started_at = NULL")
    driver.close()
    assert outrig.sweeps.drive(sweep).state is SweepState.SUCCEEDED
    assert sorted((Path.home() / "tried").read_text().split()) == ["0", "1", "2", "3", "4"]


def test_one_driver_works_and_the_others_watch(outrig: Outrig) -> None:
    sweep = created(outrig, "range:3")
    first, second = outrig.sweeps.driver(sweep), outrig.sweeps.driver(sweep)
    try:
        first.turn()
        second.turn()
        assert first.lock.held
        assert not second.lock.held
        first.close()
        assert second.turn()
        assert second.lock.held
    finally:
        first.close()
        second.close()
    assert outrig.sweeps.drive(sweep).state is SweepState.FAILED


def test_cases_put_back_while_it_ends_keep_it_going(outrig: Outrig) -> None:
    sweep = created(outrig, "range:3")
    assert outrig.sweeps.drive(sweep).state is SweepState.FAILED
    counts = [outrig.sweeps.run_again(sweep, NO_SUCCESS) for _ in range(2)]
    assert counts == [3, 0]
    well()
    assert outrig.sweeps.drive(sweep).state is SweepState.SUCCEEDED
    assert outrig.sweeps.run_again(sweep, NO_SUCCESS) == 0


def test_many_cancel_and_put_back_at_once(outrig: Outrig) -> None:
    sweep = created(outrig, "range:20")
    taken: list[int] = []

    def work() -> None:
        with Outrig() as engine:
            engine.sweeps.ask_to_cancel(sweep)
            engine.sweeps.drive(sweep)
            taken.append(engine.sweeps.run_again(sweep, NO_SUCCESS))
            engine.sweeps.ask_to_cancel(sweep)
            engine.sweeps.drive(sweep)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert outrig.sweeps.find(sweep.id).state is SweepState.CANCELLED
    assert set(outrig.sweeps.counts(sweep)) == {RunStatus.CANCELLED}
    assert not (Path.home() / "tried").exists()


def test_two_sweeps_of_one_moment_have_names_of_their_own(outrig: Outrig) -> None:
    made: list[Created] = []
    wanted = [request(outrig, f"range:{count}") for count in range(1, 5)]
    threads = [
        threading.Thread(target=lambda one=one: made.append(outrig.sweeps.create(one)))
        for one in wanted
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    names = sorted(one.sweep.name for one in made if one.sweep)
    assert names == ["try-1", "try-2", "try-3", "try-4"]
    with pytest.raises(ConflictError, match='there is a sweep "try-1" already'):
        outrig.state.sweeps.add(replace(outrig.sweeps.find("try-1"), id=new_id()), [])


def test_a_sweep_whose_session_cannot_start_has_failed_with_the_reason(outrig: Outrig) -> None:
    wanted = request(outrig, "range:2")
    compute = replace(wanted.start.compute, count=2)
    made = outrig.sweeps.create(replace(wanted, start=replace(wanted.start, compute=compute)))
    assert made.sweep is not None
    with pytest.raises(OutrigError, match="provider local has 1 node"):
        outrig.sweeps.drive(made.sweep)
    sweep = outrig.sweeps.find(made.sweep.id)
    assert sweep.state is SweepState.FAILED
    assert "provider local has 1 node" in (sweep.reason or "")
    assert [case.status for case in outrig.sweeps.cases(sweep)] == [RunStatus.CANCELLED] * 2


def test_a_removed_sweep_is_not_worked_on(outrig: Outrig) -> None:
    sweep = created(outrig, "range:2")
    driver = outrig.sweeps.driver(sweep)
    outrig.state.sweeps.remove(sweep.id)
    with pytest.raises(NotFoundError, match="removed meanwhile"):
        driver.turn()
    driver.close()
    with pytest.raises(NotFoundError, match="removed meanwhile"):
        outrig.sweeps.ask_to_cancel(sweep)


def test_a_full_disk_leaves_no_half_sweep(
    project: ProjectMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "outrig-test", str(small)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("file systems cannot be mounted here")
    try:
        monkeypatch.chdir(project({"outrig.yaml": {"name": "p", "commands": [COMMAND]}}))
        with Outrig(state_directory=str(small / "state")) as outrig:
            with pytest.raises(ConfigError, match="cannot be used"):
                outrig.sweeps.create(request(outrig, "range:5000"))
            assert outrig.state.sweeps.select() == []
            assert created(outrig, "range:2").size == 2
    finally:
        subprocess.run(["umount", "--lazy", str(small)], check=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-01T08:00+00:00", "2026-12-01T08:00:00+00:00"),
        ("1d2h3m4s", "2026-11-22T02:03:04+00:00"),
        ("+90", "2026-11-21T00:01:30+00:00"),
        ("1.5h", "2026-11-21T01:30:00+00:00"),
    ],
)
def test_moments(text: str, expected: str) -> None:
    now = datetime.fromisoformat("2026-11-21T00:00:00+00:00")
    assert parse_moment(text, now).isoformat() == expected


@pytest.mark.parametrize("text", ["", "soon", "1w", "2026-13-01", "-1h", "10 m"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(UsageError):
        parse_moment(text, utc_now())
