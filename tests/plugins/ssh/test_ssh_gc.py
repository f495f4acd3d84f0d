"""`gc` asks the hosts of sessions that are over, and those that the configuration names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from outrig.testing.machines import Machine
    from tests.plugins.ssh.conftest import Lab

SESSION = "01ABCDEFGHJKMNPQRSTVWXYZ00"


def node_root(host: Machine, part: str) -> str:
    return f"{host.home}/.local/share/outrig/node-1/*/{part}"


def start(run: CommandLine, host: Machine, name: str) -> None:
    words = ("--name", name, "--provider", "ssh", "--hosts", host.name)
    assert run("session", "start", *words).exit_code == 0


def test_hosts_of_ended_sessions_are_cleared_and_dead_ones_told(
    lab: Lab, run: CommandLine, project: ProjectMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTRIG_SSH_CONNECT_S", "2")
    host, dead = lab.boot("gamma"), lab.boot("delta")
    project({"outrig.yaml": {"name": "demo"}, "a.txt": "a"})
    for machine in (host, dead):
        start(run, machine, machine.name)
        assert run("session", "stop", machine.name, "--yes").exit_code == 0
    assert host.run(f"ls {node_root(host, 'kept')}").strip() != ""
    dead.crash()
    done = run("gc", "--yes")
    assert done.exit_code == 0, done.err
    assert host.run(f"ls {node_root(host, 'kept')}").strip() == ""
    told = [line for line in done.err.splitlines() if "delta" in line]
    assert len(told) == 1
    assert "could not be asked: delta:" in told[0]


def test_hosts_that_the_configuration_names_are_asked(
    lab: Lab,
    run: CommandLine,
    project: ProjectMaker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = lab.boot("gamma")
    project({"outrig.yaml": {"name": "demo"}, "a.txt": "a"})
    start(run, host, "demo")
    assert run("session", "stop", "demo", "--yes").exit_code == 0
    monkeypatch.setenv("OUTRIG_HOME", str(tmp_path / "other home"))
    assert run("gc", "--yes").err == "nothing to remove\n"
    assert run("provider", "add", "ssh", "gamma").exit_code == 0
    found = run("gc", "--yes")
    assert (found.exit_code, "of ended sessions" in found.out) == (0, True), found.err
    assert host.run(f"ls {node_root(host, 'kept')}").strip() == ""


def test_what_others_have_on_a_host_is_left_alone(
    lab: Lab, run: CommandLine, project: ProjectMaker
) -> None:
    host = lab.boot("gamma")
    project({"outrig.yaml": {"name": "demo"}, "a.txt": "a"})
    start(run, host, "demo")
    sessions = node_root(host, "s")
    theirs = f"cp -a {sessions}/* $(echo {sessions})/{SESSION}"
    host.run(theirs, as_user=host.isolated)
    done = run("gc", "--yes")
    assert (done.exit_code, done.err) == (0, "nothing to remove\n")
    assert SESSION in host.run(f"ls {sessions}")
    assert run("session", "stop", "demo", "--yes").exit_code == 0
    assert SESSION in host.run(f"ls {sessions}")
