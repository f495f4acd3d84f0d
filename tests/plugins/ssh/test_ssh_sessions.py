"""A session on a machine over SSH, from start to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from outrig.testing.machines import Machine
    from tests.plugins.ssh.conftest import Lab

FILES: dict[str, str | bytes | Mapping[str, object]] = {
    "outrig.yaml": {
        "name": "demo",
        "output_files": ["out/"],
        "commands": [{"name": "train", "command": "sh train.sh"}],
    },
    "train.sh": "echo on $(hostname); mkdir -p out; echo 42 > out/result; echo warn >&2; exit 3\n",
}


WORLD = "echo $OUTRIG_NODE_RANK/$OUTRIG_NODE_COUNT $OUTRIG_NODE_ROLE"


def test_several_hosts_are_a_head_and_workers(
    lab: Lab, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    hosts = "alpha,beta"
    assert run("session", "start", "--provider", "ssh", "--hosts", hosts).exit_code == 0
    done = run("session", "execute", "--shell", "--on", "all", WORLD)
    lines = ["[alpha] 0/2 head", "[beta] 1/2 worker"]
    assert (sorted(done.out.splitlines()), done.exit_code) == (lines, 0), done.err
    assert run("session", "execute", "--shell", "--on", "workers", WORLD).out == f"{lines[1]}\n"
    assert run("session", "execute", "--shell", "--on", "head", WORLD).out == "0/2 head\n"
    named = run("session", "execute", "--shell", "--on", "beta", "ls; echo $OUTRIG_NODE_HOSTS")
    assert named.out == "outrig.yaml\ntrain.sh\nalpha,beta\n"
    if lab.isolated:
        names = run("session", "execute", "--shell", "--on", "all", "hostname").out
        assert sorted(names.splitlines()) == ["[alpha] alpha", "[beta] beta"]
    wrong = run("session", "execute", "--shell", "--on", "gamma", "true")
    assert (wrong.exit_code, wrong.err.splitlines()[0]) == (
        125,
        'outrig: error: session "demo" has no node "gamma" (has: alpha, beta)',
    )
    assert run("session", "stop").exit_code == 0


def test_a_command_runs_on_a_host_and_its_outputs_come_back(
    host: Machine, run: CommandLine, project: ProjectMaker
) -> None:
    directory = project(FILES)
    done = run("session", "start", "train", "--provider", "ssh", "--hosts", host.name)
    assert (done.exit_code, done.out) == (3, f"on {host.name}\n" if host.isolated else done.out)
    assert "warn" in done.err
    assert (directory / "out/result").read_text() == "42\n"
    assert run("session", "stop").exit_code == 0
    left = host.run(f"find {host.home} -path '*/node-1/*' ! -path '*/program/*'")
    assert "demo" not in left


def test_outputs_come_back_from_every_node(
    lab: Lab, run: CommandLine, project: ProjectMaker
) -> None:
    directory = project(FILES)
    assert run("session", "start", "--provider", "ssh", "--hosts", "alpha,beta").exit_code == 0
    make = "mkdir -p out; echo same > out/same; echo $OUTRIG_NODE_RANK > out/rank"
    assert run("session", "execute", "--shell", "--on", "all", make).exit_code == 0
    assert run("session", "pull").exit_code == 0
    assert (directory / "out/rank").read_text() == "0\n"
    assert (directory / "out/same").read_text() == "same\n"
    apart = directory / "outputs/demo"
    assert [str(one.relative_to(apart)) for one in apart.rglob("*") if one.is_file()] == [
        "beta/out/rank"
    ]
    assert (apart / "beta/out/rank").read_text() == "1\n"
    assert run("session", "pull", "nothing-there").exit_code != 0
    assert run("session", "stop").exit_code == 0
