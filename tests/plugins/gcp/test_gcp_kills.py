"""kill -9 of the client at each of its calls: the next `gc` leaves the project empty."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine, Running
    from outrig.testing.fixtures import ProjectMaker
    from tests.plugins.gcp.conftest import LivingGce

pytestmark = pytest.mark.timeout(300)  # machines boot, on computers that may be slow

FILES = {"outrig.yaml": "name: demo\n"}
START = ("session", "start", "--provider", "gcp", "--zone", "us-central1-b")
START_CALLS = (
    "instances.aggregatedList",
    "images.getFromFamily",
    "firewalls.list",
    "firewalls.insert",
    "firewalls.insert",
    "firewalls.insert",
    "instances.bulkInsert",
    "zoneOperations.get",
)
"""What a start asks until its operation runs: each call once."""

LATER_CALLS = ("globalOperations.get", "skus", "instances.getGuestAttributes")
"""What comes once the operation has ended, however often that had to be asked."""

STOP_CALLS = (
    "instances.aggregatedList",
    "instances.aggregatedList",
    "instances.delete",
    "instances.aggregatedList",
)
LAST_STOP_CALLS = ("firewalls.list", "firewalls.delete", "globalOperations.get")
"""What comes once the instance is gone, however often that had to be asked."""


def _killed_at(living: LivingGce, running: Running) -> None:
    """Kill a client once its call hangs that was carried out and not answered."""
    assert living.ask("hanging"), "the call does not come"
    running.send(signal.SIGKILL)
    assert running.wait().exit_code == 137
    living.ask("release")
    living.mend()


@pytest.mark.parametrize("number", range(len(START_CALLS)))
def test_a_client_killed_while_it_starts_leaves_nothing(
    number: int, records: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    records.rule(skip=number, hang=True, after=True)
    _killed_at(records, run.start(*START))
    assert tuple(records.calls()) == START_CALLS[: number + 1]
    cleared = run("gc", "--yes")
    assert cleared.exit_code == 0, cleared.err
    assert records.left() == []
    assert run("gc", "--dry-run").out == ""


@pytest.mark.parametrize("call", LATER_CALLS)
def test_a_client_killed_while_instances_come_up_leaves_nothing(
    call: str, records: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    records.rule(call, hang=True, after=call != "instances.getGuestAttributes")
    _killed_at(records, run.start(*START))
    assert records.calls()[-1] == call
    cleared = run("gc", "--yes")
    assert cleared.exit_code == 0, cleared.err
    assert records.left() == []


@pytest.mark.parametrize("number", range(len(STOP_CALLS)))
def test_a_client_killed_while_it_stops_leaves_nothing(
    number: int, gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    assert run(*START).exit_code == 0
    gce.log()
    gce.rule(skip=number, hang=True, after=True)
    _killed_at(gce, run.start("session", "stop"))
    assert tuple(gce.calls()) == STOP_CALLS[: number + 1]
    cleared = run("gc", "--yes")
    assert cleared.exit_code == 0, cleared.err
    assert gce.left() == []


@pytest.mark.parametrize("call", LAST_STOP_CALLS)
def test_a_client_killed_while_it_removes_the_rest_leaves_nothing(
    call: str, gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    assert run(*START).exit_code == 0
    gce.rule(call, hang=True, after=True)
    _killed_at(gce, run.start("session", "stop"))
    cleared = run("gc", "--yes")
    assert cleared.exit_code == 0, cleared.err
    assert gce.left() == []


def test_a_killed_start_is_taken_up_by_the_next_one(
    gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    gce.rule("instances.bulkInsert", hang=True, after=True)
    _killed_at(gce, run.start(*START, "--name", "one"))
    done = run(*START, "--name", "one", "--shell", "echo here")
    assert (done.exit_code, done.out) == (0, "here\n"), done.err
    assert sum(" running" in one for one in gce.left()) == 1
    assert gce.calls().count("instances.bulkInsert") == 1
    assert run("session", "stop", "one").exit_code == 0
    assert gce.left() == []


@pytest.mark.parametrize("call", ["instances.stop", "instances.start"])
def test_a_client_killed_while_it_keeps_or_resumes_loses_no_files(
    call: str, gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    again = (*START, "--name", "one")
    assert run(*again, "--shell", "echo mine > made.txt").exit_code == 0
    gce.rule(call, hang=True, after=True)
    if call == "instances.start":
        assert run("session", "stop", "one", "--keep").exit_code == 0
        _killed_at(gce, run.start(*again))
    else:
        _killed_at(gce, run.start("session", "stop", "one", "--keep"))
    done = run(*again, "--shell", "cat made.txt")
    assert (done.exit_code, done.out) == (0, "mine\n"), done.err
    assert sum(" running" in one for one in gce.left()) == 1
    assert run("session", "stop", "one").exit_code == 0
    assert gce.left() == []
