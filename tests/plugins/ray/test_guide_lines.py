"""Every line of the `any` and Ray guides, as printed there, through installed launchers."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from outrig.testing.result import Result

    Type = Callable[[str, str], Result]

PROJECT = """\
name: demo
cluster: .rayproject/cluster.yaml
environment:
  shell: [echo "Setting up"]
commands:
  - name: default
    command: echo "Starting ray job"
  - name: train
    command: echo "lr {{lr}}"; echo {{lr}} > result.txt
    params:
      - name: lr
        choices: ["1", "2"]
        default: "1"
output_files: [result.txt]
"""
CLUSTER = "cluster_name: demo\nprovider:\n  type: local\n"
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}"


def guide_pattern(line: str) -> str:
    """Return what the command lines look like that a line of a guide stands for."""
    pattern = re.escape(line).replace(r"\ ", " ").replace(r"\-", "-")
    pattern = re.sub(r" \\\[arguments\\\]", "(?: .+?)?", pattern)
    pattern = re.sub(r" \\\[(<[^>]*>|[^\]<]+|[^\]<]*<[^>]*>)\\\]", r"(?: \1)?", pattern)
    return re.sub(r"<[^>]*>|\"default-session\"", r"(?:\"[^\"]*\"|\\S+)", pattern)


@pytest.fixture
def type_line(run: CommandLine, tmp_path: Path) -> Type:
    """Type a command line that a line of a guide stands for, in a shell, and return its end."""
    shims = tmp_path / "shims"
    for tool in ("any", "ray"):
        run("shim", "install", tool, "--dir", str(shims)).checked()

    def type_it(guide: str, typed: str) -> Result:
        assert re.fullmatch(guide_pattern(guide), typed), (guide_pattern(guide), typed)
        path = f"{shims}{os.pathsep}{os.environ['PATH']}"
        return run.program("sh", "-c", typed, env={"PATH": path}).checked()

    return type_it


@pytest.fixture
def demo(project: ProjectMaker) -> Path:
    return project(
        {
            ".rayproject/project.yaml": PROJECT,
            ".rayproject/cluster.yaml": CLUSTER,
            "train.py": "print('hello')\n",
        }
    )


CREATE = "any snapshot create [--name <project-name>]"
START = (
    "any session start <command-name> [arguments] [--name <session-name>] "
    "[--snapshot-name <snapshot-name>] [--shell]"
)
WILDCARD = 'any session start command --parameter "*"'
EXECUTE = "any session execute <command-name> [arguments] [--name <session-name>] [--shell]"
SYNC = "any session sync [--name <session-name>] --snapshot-name <snapshot-name>"
LIST = "any session list [--name <session-name>]"
SNAPSHOTS = "any snapshot list"
DELETE = "any snapshot delete <snapshot-name>"


def test_sessions_of_the_any_guide(demo: Path, type_line: Type) -> None:
    type_line(CREATE, "any snapshot create --name hello")
    started = type_line(START, "any session start default --name session0")
    assert started.out == "Starting ray job\n"
    type_line(START, "any session start train --lr 2 --name session1 --snapshot-name hello")
    assert (demo / "result.txt").read_text() == "2\n"

    listed = type_line(LIST, "any session list")
    assert re.fullmatch(
        rf"Project sessions:\n\*Session\(name=session1 created_at={TIME}\)\n"
        rf" Session\(name=session0 created_at={TIME}\)\n",
        listed.out,
    )

    assert type_line(EXECUTE, "any session execute default").out == "Starting ray job\n"
    both = type_line(EXECUTE, 'any session execute train --lr 1 --name "session?"')
    assert sorted(both.lines) == ["[session0] lr 1", "[session1] lr 1"]
    assert type_line(EXECUTE, "any session execute ls --name session1 --shell").lines == [
        "result.txt",
        "train.py",
    ]
    type_line(SYNC, "any session sync --name session1 --snapshot-name hello")
    type_line(SYNC, "any session sync --snapshot-name hello")
    assert type_line("any session attach", "any session attach").exit_code == 0

    type_line("any session stop", "any session stop")
    assert "name=session1" not in type_line(LIST, "any session list").out
    type_line('any session stop --name "*"', 'any session stop --name "*"')
    assert type_line(LIST, "any session list").out == "Project sessions:\n"


def test_a_wildcard_of_the_any_guide(demo: Path, type_line: Type) -> None:
    typed = 'any session start train --lr "*"'
    named = WILDCARD.replace("command", "<command>").replace("--parameter", "<parameter>")
    started = type_line(named, typed)
    assert sorted(started.lines) == ["[demo-lr-1] lr 1", "[demo-lr-2] lr 2"]
    for value in ("1", "2"):
        assert (demo / f"outputs/demo-lr-{value}/result.txt").read_text() == f"{value}\n"
    names = re.findall(r"name=(\S+)", type_line(LIST, "any session list").out)
    assert sorted(names) == ["demo-lr-1", "demo-lr-2"]


def test_snapshots_of_the_any_guide(demo: Path, type_line: Type) -> None:
    type_line(CREATE, "any snapshot create")
    type_line(CREATE, "any snapshot create --name hello")
    listed = type_line(SNAPSHOTS, "any snapshot list")
    assert re.fullmatch(
        rf"Project snaphots:\nSnapshot\(name=hello created_at={TIME}\)\n"
        rf"Snapshot\(name=[0-9a-f-]{{36}} created_at={TIME}\)\n",
        listed.out,
    )
    type_line(START, "any session start default --name session1 --snapshot-name hello")
    type_line(EXECUTE, "any session execute ls --name session1 --shell")
    told = type_line("any snapshot list --name session1", "any snapshot list --name session1")
    assert re.fullmatch(
        rf"Snapshots applied to Session\(name=session1 created_at={TIME}\)\n"
        rf" {TIME}: Snapshot\(name=hello created_at={TIME}\)\n"
        rf"Commands run during Session\(name=session1 created_at={TIME}\)\n"
        rf" {TIME}: 'echo \"Starting ray job\"'\n {TIME}: 'ls'\n",
        told.out,
    )
    assert type_line(LIST, "any session list --name session1").out == told.out
    type_line(DELETE, "any snapshot delete hello")
    assert "name=hello" not in type_line(SNAPSHOTS, "any snapshot list").out


def test_the_ray_guide(run: CommandLine, type_line: Type) -> None:
    made = type_line("ray project create <project-name>", "ray project create my-project")
    assert made.out == ""
    assert "Using default autoscaler yaml" in made.err
    root = run.directory / ".rayproject"
    assert {"cluster.yaml", "project.yaml"} <= {file.name for file in root.iterdir()}
    (root / "project.yaml").write_text(PROJECT)  # without requirements: no venv to wait for

    start = 'ray session start [--name="default-session"]'
    assert type_line(start, "ray session start").out == "Starting ray job\n"
    assert type_line(start, 'ray session start --name="other"').out == "Starting ray job\n"
    states = _states(run)
    assert states == {"default-session": "RUNNING", "other": "RUNNING"}

    stop = "ray session stop [<default-session>] [--terminate]"
    attach = "ray session attach [<default-session>] [--start]"
    type_line(stop, "ray session stop")
    type_line(stop, "ray session stop default-session")
    assert _states(run) == {"default-session": "SUSPENDED", "other": "SUSPENDED"}
    type_line(attach, "ray session attach default-session --start")
    assert _states(run)["default-session"] == "RUNNING"
    type_line(attach, "ray session attach")
    type_line(stop, "ray session stop default-session --terminate")
    type_line(stop, "ray session stop --terminate")
    assert _states(run) == {}


def _states(run: CommandLine) -> dict[str, str]:
    rows = run("session", "list", "--output", "json").checked().json()
    assert isinstance(rows, list)
    return {row["name"]: row["state"] for row in rows}


def test_a_launcher_hands_other_words_to_the_real_program(
    run: CommandLine, type_line: Type, tmp_path: Path
) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (real / "ray").write_text('#!/bin/sh\necho "the real ray: $*"\n')
    (real / "ray").chmod(0o755)
    path = f"{tmp_path / 'shims'}:{real}:{os.environ['PATH']}"
    done = run.program("sh", "-c", "ray start --head", env={"PATH": path}).checked()
    assert done.out == "the real ray: start --head\n"
    done = run.program("sh", "-c", "ray project --help", env={"PATH": path}).checked()
    assert "validate" in done.out


def test_the_guide_pattern() -> None:
    assert re.fullmatch(guide_pattern(LIST), "any session list")
    assert not re.fullmatch(guide_pattern(LIST), "any session list --nam x")
    assert re.fullmatch(guide_pattern(START), "any session start a --x 1 --shell")
