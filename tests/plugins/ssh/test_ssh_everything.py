"""What works on this computer works on a machine over SSH, from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.plugins.ssh.typing_user import TypingUser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from outrig.testing.machines import Machine
    from tests.plugins.ssh.conftest import Lab


@pytest.fixture
def session(host: Machine, run: CommandLine, project: ProjectMaker) -> Iterator[Path]:
    """A running session of a project whose file names the host; returns the project."""
    directory = project(
        {
            "outrig.yaml": {
                "name": "demo",
                "compute": {"provider": "ssh", "hosts": [host.name]},
                "output_files": ["out/*"],
                "commands": [
                    {"name": "say", "command": "echo {{word}}", "params": [{"name": "word"}]}
                ],
            },
            "data/a.txt": "a",
        }
    )
    done = run("session", "start")
    assert done.exit_code == 0, done.err
    yield directory
    assert run("session", "stop", "--yes").exit_code == 0


def test_a_console_is_a_real_terminal(session: Path, host: Machine) -> None:
    user = TypingUser("session", "attach", cwd=session)
    user.type("stty size; ls; echo done-$((40+2))\n")
    user.read_until("done-42")
    assert "data" in user.seen
    # one program says it is ready and sleeps: between two a shell has nothing to pass Ctrl-C to
    user.type("sh -c 'echo go-$((1+1)); exec sleep 600'\n")
    user.read_until("go-2")
    user.type("\x03")
    user.read_until("$ ", after="^C")
    user.type("echo after-$?\n")
    user.read_until("after-130")
    user.type("exit 7\n")
    assert user.wait() == 7


def test_a_console_that_is_cut_ends_its_program(session: Path, host: Machine) -> None:
    user = TypingUser("session", "attach", cwd=session)
    user.type("sleep 4321; echo never\n")
    user.read_until("sleep")
    if host.isolated:
        while "sleep 4321" not in "".join(host.processes()):
            pass
    host.cable.drop()
    assert user.wait() != 0
    if host.isolated:
        while "sleep 4321" in "".join(host.processes()):
            pass


def test_files_are_listed_got_and_put(session: Path, run: CommandLine) -> None:
    listed = run("session", "ls", "data", "--output", "plain", "--format", "path")
    assert listed.out.split() == ["data/", "data/a.txt"] or "data/a.txt" in listed.out
    (session / "new file").write_text("new")
    assert run("session", "put", "new file", "data/").exit_code == 0
    assert run("session", "get", "data/new file", "back").exit_code == 0
    assert (session / "back").read_text() == "new"


def test_changes_are_synced_and_stale_files_go(session: Path, run: CommandLine) -> None:
    (session / "data/a.txt").unlink()
    (session / "b.txt").write_text("b")
    assert run("session", "sync").exit_code == 0
    done = run("session", "execute", "--shell", "find . -type f | sort")
    assert done.out.split() == ["./b.txt", "./outrig.yaml"]


def test_logs_are_read_from_any_byte_and_outputs_pulled(session: Path, run: CommandLine) -> None:
    started = run("session", "execute", "say", "--word", "0123456789", "--detach")
    identity = started.out.strip()
    assert run("run", "wait", identity).exit_code == 0
    assert run("run", "logs", identity, "--since", "4").out == "456789\n"
    assert run("session", "logs", "-f").out == "0123456789\n"
    assert run("session", "execute", "--shell", "mkdir -p out; echo 1 > out/x").exit_code == 0
    assert (session / "out/x").read_text() == "1\n"
    events = json.loads(run("session", "events", "--output", "json").out)
    assert {"sync.done", "run.ended"} <= {one["kind"] for one in events}


def test_an_old_machine_file_of_ray_is_read_as_it_is(
    lab: Lab, run: CommandLine, project: ProjectMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine, other = lab.boot("alpha"), lab.boot("beta")
    cluster = {
        "cluster_name": "own",
        "provider": {"type": "local", "head_ip": "alpha", "worker_ips": ["beta"]},
        "auth": {"ssh_user": machine.user, "ssh_private_key": str(lab.keys.user)},
    }
    project(
        {
            "ray-project/project.yaml": {"name": "demo", "cluster": {"config": "cluster.yaml"}},
            "cluster.yaml": cluster,
        }
    )
    assert run("session", "start").exit_code == 0
    done = run("session", "execute", "--shell", "--on", "all", "echo $OUTRIG_NODE_HOSTS")
    assert sorted(done.out.splitlines()) == ["[alpha] alpha,beta", "[beta] alpha,beta"], done.err
    assert run("session", "stop").exit_code == 0
    assert other.name == "beta"


def test_eight_hosts_at_once_and_dead_ones_are_passed_over(
    lab: Lab, run: CommandLine, project: ProjectMaker
) -> None:
    names = [f"n{number}" for number in range(8)]
    for name in names:
        lab.boot(name)
    project({"outrig.yaml": {"name": "demo"}, "a.txt": "a"})
    groups = f"lab={' '.join(names)}"
    hosts = ("--hosts", "@lab", "--ssh-groups", groups, "--provider", "ssh")
    assert run("session", "start", *hosts).exit_code == 0
    done = run("session", "execute", "--shell", "--on", "all", "cat a.txt; echo")
    assert sorted(done.out.splitlines()) == [f"[{name}] a" for name in names]
    assert run("session", "stop").exit_code == 0
    lab.machines["n1"].crash()
    few = run("session", "start", *hosts, "--count", "2", "--ssh-connect-s", "2")
    assert few.exit_code == 0, few.err
    assert run("session", "execute", "--shell", "echo $OUTRIG_NODE_HOSTS").out == "n0,n2\n"
    assert run("session", "stop").exit_code == 0
    many = run("session", "start", *hosts, "--count", "9")
    assert (many.exit_code, "provider ssh has 8 hosts, 9 are asked for" in many.err) == (125, True)


def test_doctor_says_how_it_connects_and_tries_each_host(host: Machine, run: CommandLine) -> None:
    assert run("provider", "add", "ssh", host.name, "127.0.0.1:1").exit_code == 0
    done = run("doctor", "--output", "csv")
    assert "openssh (" in done.out
    assert f"ok,provider ssh: {host.name},Python 3." in done.out
    assert "127.0.0.1:1: cannot be reached" in done.out


def test_no_hosts_is_one_line(lab: Lab, run: CommandLine, project: ProjectMaker) -> None:
    project({"outrig.yaml": {"name": "demo"}})
    done = run("session", "start", "--provider", "ssh")
    assert (done.exit_code, done.err.count("provider ssh has no hosts")) == (125, 1)
