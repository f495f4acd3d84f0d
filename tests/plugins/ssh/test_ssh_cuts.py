"""Connections that are cut, machines that die, and what a user sees of it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from outrig.testing.machines import Machine
    from tests.plugins.ssh.conftest import Lab

WAITS = (
    "echo first; echo once >> count; while [ ! -e go ]; do sleep 0.05; done; echo last; cat count"
)


@pytest.fixture
def own(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine of this test's own, whose silence is noticed soon."""
    monkeypatch.setenv("OUTRIG_SSH_ALIVE_S", "4")
    monkeypatch.setenv("OUTRIG_SSH_CONNECT_S", "2")
    return lab.boot("gamma")


@pytest.fixture(params=["openssh", "paramiko"])
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way to connect."""
    monkeypatch.setenv("OUTRIG_SSH_TRANSPORT", str(request.param))
    return str(request.param)


def started(run: CommandLine, project: ProjectMaker, machine: Machine) -> None:
    """Start a session that runs nothing yet."""
    project({"outrig.yaml": {"name": "demo"}, "a.txt": "a"})
    done = run("session", "start", "--provider", "ssh", "--hosts", machine.name)
    assert done.exit_code == 0, done.err


def test_a_run_outlives_a_cut_and_is_followed_on(
    own: Machine, transport: str, run: CommandLine, project: ProjectMaker
) -> None:
    started(run, project, own)
    following = run.start("session", "execute", "--shell", WAITS)
    assert following.read_line() == "first\n"
    own.cable.cut()
    said = following.read_error_line()
    assert "lost the node program" in said
    assert "trying again for 1" in said
    own.cable.drop()
    assert run("session", "execute", "--shell", "touch go").exit_code == 0
    assert (following.read_line(), following.read_line()) == ("last\n", "once\n")
    assert following.wait().exit_code == 0
    assert run("session", "stop").exit_code == 0


def test_a_cut_for_ever_ends_in_one_line(
    own: Machine,
    run: CommandLine,
    project: ProjectMaker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OUTRIG_SSH_PATIENCE_S", "1")
    started(run, project, own)
    following = run.start("session", "execute", "--shell", WAITS)
    assert following.read_line() == "first\n"
    own.cable.cut()
    done = following.wait(120)
    assert done.exit_code == 125
    errors = [line for line in done.err.splitlines() if line.startswith("outrig: error:")]
    assert len(errors) == 1
    assert "gamma" in errors[0]
    assert run("session", "list", "--output", "csv", "--format", "name,state").out.split()[1:] == [
        "demo,RUNNING"
    ]
    own.cable.drop()
    assert run("session", "execute", "--shell", "touch go").exit_code == 0
    logs = run("session", "logs", "-f")
    assert "last\nonce\n" in logs.out + run("run", "list").out or logs.exit_code == 0
    assert run("session", "stop").exit_code == 0


def test_a_machine_that_dies_with_its_runs_is_told_and_they_are_lost(
    own: Machine, run: CommandLine, project: ProjectMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(run, project, own)
    following = run.start("session", "execute", "--shell", WAITS)
    assert following.read_line() == "first\n"
    own.crash()
    own.boot()
    done = following.wait(120)
    assert (done.exit_code, "LOST" in done.err) == (125, True), done.err
    assert run("session", "stop").exit_code == 0


def test_stopping_a_session_whose_machine_is_gone_says_so(
    own: Machine, run: CommandLine, project: ProjectMaker
) -> None:
    started(run, project, own)
    own.crash()
    done = run("session", "stop")
    assert done.exit_code == 7
    assert "cannot be reached" in done.err
    own.boot()
    assert run("session", "stop").exit_code == 0


def test_a_machine_that_stands_still_is_noticed(
    own: Machine, isolated: Lab, run: CommandLine, project: ProjectMaker
) -> None:
    started(run, project, own)
    own.freeze()
    done = run("session", "execute", "--shell", "true", timeout_s=120)
    assert done.exit_code == 125
    assert len(done.err.splitlines()) <= 3
    own.freeze(thaw=True)
    assert run("session", "stop").exit_code == 0


def test_ctrl_c_ends_the_waiting_for_a_cut_line(
    own: Machine, run: CommandLine, project: ProjectMaker
) -> None:
    started(run, project, own)
    following = run.start("session", "execute", "--shell", WAITS)
    assert following.read_line() == "first\n"
    own.cable.cut()
    assert "trying again" in following.read_error_line()
    following.send(signal.SIGINT)
    assert following.wait(60).exit_code == 130
    own.cable.drop()
    assert run("session", "execute", "--shell", "touch go").exit_code == 0
    assert run("session", "stop").exit_code == 0
