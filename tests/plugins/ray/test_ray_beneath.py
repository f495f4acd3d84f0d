"""`runtime: ray` in a project: what is wrong with it is said before anything of Ray's starts.

A real Ray beneath a session is in `test_living_cluster`.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.api import Node
from outrig.errors import RemoteError
from outrig_ray.clusters.survey import PORTS, Surveyed, check_versions

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine, Running
    from outrig.testing.fixtures import ProjectMaker

LIMIT_S = 60
FILE = "name: demo\nruntime: {}\ncommands:\n- {{name: hello, command: echo hello}}\n"


def surveyed(name: str, ray: str | None, python: str = "3.11.7") -> Surveyed:
    """Return what a node answered."""
    node = Node(id=name, provider="ssh", address=name)
    return Surveyed(node=node, ray=ray, python=python, address="10.0.0.1", ports=dict(PORTS))


@pytest.mark.parametrize(
    ("nodes", "wanted", "message"),
    [
        ([("a", None), ("b", "2.60.0"), ("c", None)], None, "there is no Ray on a, c"),
        ([("a", "2.60.0"), ("b", "2.9.0")], "2.60.0", "the project wants Ray 2.60.0: b has 2.9.0"),
        (
            [("a", "2.60.0"), ("b", "2.9.0")],
            None,
            (
                "the nodes have different versions: a Ray 2.60.0 on Python 3.11.7, "
                "b Ray 2.9.0 on Python 3.11.7"
            ),
        ),
        (
            [("a", "2.60.0"), ("b", "2.60.0", "3.12.1")],
            "2.60.0",
            (
                "the nodes have different versions: a Ray 2.60.0 on Python 3.11.7, "
                "b Ray 2.60.0 on Python 3.12.1"
            ),
        ),
    ],
)
def test_nodes_that_do_not_fit_are_named(
    nodes: list[tuple[str, str]], wanted: str | None, message: str
) -> None:
    with pytest.raises(RemoteError) as caught:
        check_versions([surveyed(*one) for one in nodes], wanted)
    assert (str(caught.value), "requirements" in (caught.value.hint or "")) == (message, True)


def test_patches_of_python_may_differ() -> None:
    nodes = [surveyed("a", "2.60.0"), surveyed("b", "2.60.0", "3.11.9")]
    check_versions(nodes, "2.60.0")
    assert {one.ray for one in nodes} == {"2.60.0"}


def test_a_node_without_ray_is_said_and_nothing_is_left(
    run: CommandLine, project: ProjectMaker, tmp_path: Path
) -> None:
    project({"outrig.yaml": FILE.format("ray")})
    (tmp_path / "bin").mkdir()
    for name in ("sh", "bash", "env"):
        (tmp_path / "bin" / name).symlink_to(f"/bin/{name}" if name != "env" else "/usr/bin/env")
    plain = (tmp_path / "bin" / "python3").absolute()
    plain.write_text('#!/bin/sh\nexec /usr/bin/python3 -I "$@"\n')
    plain.chmod(0o755)
    done = run("session", "start", "hello", env={"PATH": str(tmp_path / "bin")})
    assert (done.exit_code, done.out) == (125, "")
    assert "there is no Ray on local" in done.err
    assert "add ray[default] to the file that environment.requirements names" in done.err
    assert run("session", "list", "--output", "json").records() == []


def test_a_plan_has_the_runtime_as_a_step(run: CommandLine, project: ProjectMaker) -> None:
    project({"outrig.yaml": FILE.format("ray==2.60.0")})
    done = run("session", "start", "hello", "--dry-run").checked()
    assert done.out.splitlines()[4:] == ["4. runtime: ray==2.60.0 on 1 node", "5. run: echo hello"]
    shown = run("project", "show").checked()
    assert "runtime:       ray==2.60.0" in shown.out


RAY = """\
#!/bin/bash
[ "$1" = start ] || { echo ray, version 9.9.9; exit; }
while [ -e "$GATE" ]; do sleep 0.1; done
cp /bin/sleep "$GATE.raylet/raylet"; "$GATE.raylet/raylet" 3600 >/dev/null 2>&1 &
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program called `raylet` stands for Ray; it starts once what is returned is not there."""
    gate = tmp_path / "gate"
    (tmp_path / "gate.raylet").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/ray").write_text(RAY)
    (tmp_path / "bin/ray").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("GATE", str(gate))
    return gate


def raylets(gate: Path) -> list[int]:
    """Return the processes that stand for Ray."""
    program = f"{gate}.raylet/raylet"
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str((one / "exe").readlink()).startswith(program):
                found.append(int(one.name))
    return found


def test_ray_is_started_once_and_again_where_it_has_died(
    run: CommandLine, project: ProjectMaker, stand_in: Path
) -> None:
    project({"outrig.yaml": FILE.format("ray").replace("echo hello", "echo $RAY_ADDRESS")})
    first = run("session", "start", "hello", "--name", "one").checked()
    assert first.out.startswith("127.0.0.1:")
    (pid,) = raylets(stand_in)
    again = run("session", "start", "hello", "--name", "one").checked()
    assert (again.out, "runtime: it is up" in again.err) == (first.out, True)
    assert raylets(stand_in) == [pid]
    (listed,) = run("session", "list", "--output", "json").records()
    assert not listed["run"], "what is beneath is nothing that the user runs"
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + LIMIT_S
    while "runtime: ray on" not in run("session", "start", "hello", "--name", "one").checked().err:
        assert time.monotonic() < deadline
    assert len(raylets(stand_in)) == 1
    sweep = run("session", "execute", "--name", "one", "--shell", "echo $OUTRIG_BESIDE.").checked()
    assert sweep.out == ".\n"
    run("session", "stop", "one").checked()
    assert raylets(stand_in) == []


def ray_is_starting(run: CommandLine, project: ProjectMaker, gate: Path) -> Running:
    """Start a session, and return once Ray is being started: until the gate is gone."""
    project({"outrig.yaml": FILE.format("ray")})
    gate.touch()
    starting = run.start("session", "start", "hello", "--name", "one")
    deadline = time.monotonic() + LIMIT_S
    while "ray-runtime" not in run("run", "list").out:
        assert time.monotonic() < deadline
    return starting


def test_a_start_that_was_killed_is_begun_anew(
    run: CommandLine, project: ProjectMaker, stand_in: Path
) -> None:
    starting = ray_is_starting(run, project, stand_in)
    starting.send(signal.SIGKILL)
    starting.wait()
    stand_in.unlink()
    done = run("session", "start", "hello", "--name", "one").checked()
    assert (done.out, len(raylets(stand_in))) == ("hello\n", 1)
    run("session", "stop", "one").checked()
    assert raylets(stand_in) == []


def test_ctrl_c_while_ray_starts_leaves_nothing(
    run: CommandLine, project: ProjectMaker, stand_in: Path
) -> None:
    starting = ray_is_starting(run, project, stand_in)
    starting.send(signal.SIGINT)
    assert starting.wait(LIMIT_S).exit_code == 130
    assert run("session", "list", "--output", "json").records() == []
    assert raylets(stand_in) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Ray 2", "runtime: expected an engine such as ray, or ray==2.60.0"),
        ("ray>=2", "runtime: expected an engine such as ray, or ray==2.60.0"),
        ("dask", 'no provider named "dask" is installed'),
        ("local", 'provider "local" is no engine that could be brought up on nodes'),
    ],
)
def test_what_is_no_engine_is_refused(
    run: CommandLine, project: ProjectMaker, text: str, message: str
) -> None:
    project({"outrig.yaml": FILE.format(text)})
    done = run("session", "start", "hello", env=dict(os.environ))
    assert (done.exit_code, message in done.err) == (125, True), str(done)
    assert run("session", "list", "--output", "json").records() == []
