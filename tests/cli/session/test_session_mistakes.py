"""What is wrong is said before anything is made, in one line."""

from __future__ import annotations

import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from outrig.state.state import State
from outrig.testing.command_line import OUTRIG

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker


@pytest.mark.parametrize("name", ["..", "a/b", "-x", "*", "", "two words"])
def test_a_bad_session_name_makes_nothing(run: CommandLine, demo: Path, name: str) -> None:
    result = run("session", "start", "hello", f"--name={name}")
    assert result.exit_code == 125
    assert result.err.startswith(f'outrig: error: session name "{name}" is not made of')
    assert run("session", "list", "--all").err == "no sessions\n"
    assert run("snapshot", "list").err == "no snapshots\n"


def test_a_dry_run_keeps_nothing(run: CommandLine, demo: Path) -> None:
    result = run("session", "start", "hello", "--dry-run")
    assert result.exit_code == 0
    assert "2. sync: snapshot (new), 3 files" in result.out
    assert run("snapshot", "list").err == "no snapshots\n"
    assert run("session", "list", "--all").err == "no sessions\n"


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[31m", "x" * 201])
def test_a_snapshot_name_is_one_line(run: CommandLine, demo: Path, name: str) -> None:
    result = run("snapshot", "create", "--name", name)
    assert result.exit_code == 2
    assert "is not one line of at most 200 characters" in result.err
    assert run("snapshot", "list").err == "no snapshots\n"


def test_the_active_session_is_a_fact_in_json_and_an_asterisk_for_people(
    run: CommandLine, demo: Path
) -> None:
    run("session", "start", "--name", "a")
    run("session", "start", "--name", "b")
    told = run("session", "list", "--output", "json").records()
    assert {one["name"]: one["active"] for one in told} == {"a": False, "b": True}
    assert run("session", "list").out.splitlines()[1].startswith("*  b ")


def test_the_story_of_a_session_outlives_it(run: CommandLine, demo: Path) -> None:
    run("session", "start", "hello", "--name", "s")
    run("session", "stop")
    for group in ("session", "snapshot"):
        told = run(group, "list", "--name", "s")
        assert told.exit_code == 0
        assert "Snapshots applied to Session(name=s " in told.out
        assert "'echo hello; echo oops >&2'" in told.out


@pytest.mark.parametrize("verb", ["start", "execute"])
def test_an_unknown_command_counts_more_than_its_options(
    run: CommandLine, demo: Path, verb: str
) -> None:
    run("session", "start", "--name", "s")
    result = run("session", verb, "helo", "--who", "me")
    assert result.exit_code == 125
    assert 'command "helo" is not in this project' in result.err


def test_bytes_that_are_not_utf_8_are_refused(run: CommandLine, demo: Path) -> None:
    for words in ([b"--shell", b"echo \xff"], [b"show", b"--a", b"\xff"]):
        done = subprocess.run(
            [*OUTRIG, "session", "start", *words], cwd=demo, capture_output=True, check=False
        )
        assert done.returncode == 125
        assert b"has bytes that are not UTF-8" in done.stderr
    assert run("session", "list", "--all").err == "no sessions\n"


def test_a_working_directory_that_is_gone_is_said(run: CommandLine, demo: Path) -> None:
    gone = demo / "gone"
    for words, code in (("session list", 3), ("session start hello", 125), ("snapshot list", 3)):
        gone.mkdir()
        script = f'cd "{gone}" && rmdir "{gone}" && exec "$@"'
        result = run.program("sh", "-c", script, "sh", *OUTRIG, *words.split())
        assert result.exit_code == code
        assert "the working directory is not there any more" in result.err


def test_failures_of_several_are_told_with_their_sessions(
    run: CommandLine, project: ProjectMaker
) -> None:
    project(
        {
            "outrig.yaml": {
                "name": "bad",
                "environment": {"shell": ["exit 3"]},
                "commands": [
                    {
                        "name": "go",
                        "command": "echo {{a}}",
                        "params": [{"name": "a", "choices": [1, 2]}],
                    }
                ],
            }
        }
    )
    result = run("session", "start", "go", "--a", "*")
    assert result.exit_code == 125
    assert "outrig: error: bad-a-1: " in result.err
    assert "outrig: error: bad-a-2: " in result.err


def test_a_second_ctrl_c_ends_all_runs_of_several_sessions(run: CommandLine, demo: Path) -> None:
    for name in ("s1", "s2"):
        run("session", "start", "--name", name)
    running = run.start("session", "execute", "slow", "--name", "s?")
    assert {running.read_line(), running.read_line()} == {"[s1] started\n", "[s2] started\n"}
    running.send(signal.SIGINT)
    while "detached" not in running.read_error_line():
        assert running.process.poll() is None
    running.send(signal.SIGINT)
    ended = running.wait()
    assert State().runs.unfinished() == [], ended


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_an_environment_without_its_tool_is_refused_before_a_session_is_made(
    run: CommandLine, project: ProjectMaker, tmp_path: Path, dry: tuple[str, ...]
) -> None:
    project(
        {
            "outrig.yaml": {"name": "boxed", "environment": {"dockerimage": "python:3.11"}},
        }
    )
    (tmp_path / "bin").mkdir()
    for tool in ("git", "sh", "bash"):  # neither docker nor podman
        found = shutil.which(tool)
        if found is not None:
            (tmp_path / "bin" / tool).symlink_to(found)
    path = {"PATH": str(tmp_path / "bin")}
    result = run("session", "start", *dry, env=path)
    assert result.exit_code == 125
    assert "environment.image needs a container engine" in result.err
    assert "[1/" not in result.err
    assert run("session", "list", "--all").err == "no sessions\n"


def test_a_parameter_named_like_an_option_is_mentioned_when_that_is_given(
    run: CommandLine, project: ProjectMaker
) -> None:
    command = {"name": "go", "command": "echo {{name}}", "params": [{"name": "name"}]}
    project({"outrig.yaml": {"name": "p", "commands": [command]}})
    given = run("session", "start", "go", "--param", "name=x")
    assert given.out == "x\n"
    assert "is an option of Outrig's" not in given.err
    mistaken = run("session", "start", "go", "--name", "y", "--param", "name=x")
    assert mistaken.err.count("--name is an option of Outrig's") == 1
    assert "--name is an option of Outrig's" in run("project", "validate").err
