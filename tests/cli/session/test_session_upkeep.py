"""Sessions that end by themselves, and what gc clears away."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker


def _state_when(run: CommandLine, wanted: str) -> dict[str, object]:
    deadline = time.monotonic() + 30
    while True:
        (session,) = run("session", "list", "--output", "json").records()
        if session["state"] == wanted:
            return session
        assert time.monotonic() < deadline, session
        time.sleep(0.2)


def test_an_idle_session_is_stopped_and_can_be_resumed(run: CommandLine, demo: Path) -> None:
    run(
        "session", "start", "--name", "s", "--shell", "echo kept > kept.txt", "--idle", "1s"
    ).checked()
    session = _state_when(run, "SUSPENDED")
    assert session["error"] == "idle for 1 s"
    again = run("session", "start", "--name", "s", "--shell", "cat kept.txt", "--idle", "never")
    assert again.out == "kept\n", again


def test_a_session_over_its_age_ends_what_runs(run: CommandLine, demo: Path) -> None:
    running = run.start("session", "start", "slow", "--name", "s", "--max-age", "2s")
    assert running.read_line() == "started\n"
    result = running.wait()
    assert result.exit_code != 0
    assert "over its age of 2 s" in result.err
    assert _state_when(run, "SUSPENDED")["error"] == "over its age of 2 s"


@pytest.mark.parametrize("limit", ["soon", "-1", "0", ""])
def test_a_wrong_limit_is_one_line(run: CommandLine, demo: Path, limit: str) -> None:
    result = run("session", "start", f"--idle={limit}")
    assert result.exit_code == 125
    assert len(result.err.splitlines()) == 2
    assert run("session", "list", "--all").err == "no sessions\n"


def test_gc_removes_what_was_to_be_terminated(run: CommandLine, demo: Path) -> None:
    words = ("--idle", "1s", "--idle-action", "terminate")
    run("session", "start", "--name", "s", *words).checked()
    _state_when(run, "SUSPENDED")
    assert "s was idle for 1 s" in run("gc", "--dry-run").out
    refused = run("gc")
    assert refused.exit_code == 2
    assert "--yes" in refused.err
    run("gc", "--yes").checked()
    assert run("session", "list").err == "no sessions\n"
    assert run("gc").err == "nothing to remove\n"


def test_gc_removes_directories_and_environments_that_nothing_uses(
    run: CommandLine, project: ProjectMaker, outrig_home: Path
) -> None:
    environment = {"requirements": "requirements.txt"}
    project(
        {
            "outrig.yaml": {"name": "p", "environment": environment},
            "requirements.txt": "# nothing\n",
        }
    )
    run("session", "start", "--name", "s").checked()
    (root,) = Path(outrig_home, "outrig/data/node-1").glob("*/s")
    (root / "01ABCDEFGHJKMNPQRSTVWXYZ00" / "work").mkdir(parents=True)
    assert run("gc", "--output", "json").records()[0]["reason"] == "no live session has that id"
    run("session", "stop").checked()
    kinds = [str(one["kind"]) for one in run("gc", "--yes", "--output", "json").records()]
    assert sorted(kinds) == ["environment", "session"]
    assert [*root.iterdir()] == []
    assert [one for one in (root.parent / "env").iterdir() if one.is_dir()] == []


def test_gc_removes_what_a_killed_removal_left(
    run: CommandLine, demo: Path, outrig_home: Path
) -> None:
    run("session", "start", "--name", "s").checked()
    (trash,) = Path(outrig_home, "outrig/data/node-1").glob("*/trash")
    (trash / "0a1b" / "work").mkdir(parents=True)
    (found,) = run("gc", "--yes", "--output", "json").records()
    assert (found["kind"], found["id"]) == ("leftover", "trash/0a1b")
    assert found["reason"] == "its removal was cut short"
    assert [*trash.iterdir()] == []
