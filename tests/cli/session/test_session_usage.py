"""What `session list --detail` shows, slots that a project asks for, and runs of ended sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker

MIB = 1024 * 1024
HOG = "python3 -c 'held = b\"x\" * ({{mib}} << 20); print(flush=True); input()' < pipe"


@pytest.fixture
def limited(project: ProjectMaker) -> Path:
    """A project that asks for a core and 200 MiB."""
    return project(
        {
            "outrig.yaml": {
                "name": "limited",
                "compute": {"resources": {"cpu": 1, "memory": "200m"}},
                "commands": [
                    {
                        "name": "hog",
                        "command": f"mkfifo pipe; sleep 600 > pipe & {HOG}",
                        "params": [{"name": "mib", "type": "int", "default": 100}],
                    },
                    {"name": "hello", "command": "echo hello"},
                ],
            }
        }
    )


def _number(record: dict[str, object], name: str) -> float:
    return cast("float", record[name])


def test_detail_shows_what_runs_use_and_since_when_a_session_is_idle(
    run: CommandLine, limited: Path
) -> None:
    run("session", "start", "hello", "--name", "done").checked()
    running = run.start("session", "start", "hog", "--name", "busy")
    assert running.read_line() == "\n"
    found = run("session", "list", "--detail", "--output", "json").checked().records()
    busy, done = found
    assert busy["idle"] is None
    assert _number(busy, "memory") > 100 * MIB
    assert _number(busy, "peak_memory") >= _number(busy, "memory")
    assert _number(busy, "cpu") > 0
    assert _number(done, "memory") == 0
    assert 0 <= _number(done, "idle") <= _number(done, "age")
    assert "PEAK MEMORY" in run("session", "list", "--detail").out
    assert "idle" not in run("session", "list", "--output", "json").records()[0]
    run("session", "stop", "--name", "*", "--yes").checked()
    assert running.wait().exit_code != 0


def test_commands_take_the_slots_that_their_project_asks_for(
    run: CommandLine, limited: Path
) -> None:
    result = run("session", "start", "hog", "--mib", "400", "--name", "s")
    assert result.exit_code == 137, result
    assert "memory limit 200 MiB exceeded" in result.err
    words = "python3 -c 'print(len(bytes(400 << 20)) >> 20)'"
    assert run("session", "execute", "--shell", words).out == "400\n"
    given = run("session", "execute", "hog", "--resources", "memory=50m")
    assert "memory limit 50 MiB exceeded" in given.err


def test_what_can_never_fit_is_refused_and_says_so_later(run: CommandLine, limited: Path) -> None:
    run("session", "start", "--name", "s").checked()
    refused = run("session", "execute", "hello", "--resources", "memory=900000g")
    assert refused.exit_code == 125
    (line,) = refused.err.splitlines()
    assert "is more than this node has" in line
    (shown,) = run("run", "list", "--output", "json").records()
    assert shown["state"] == "CANCELLED"
    assert "is more than this node has" in str(shown["reason"])


def test_what_can_never_fit_is_refused_before_a_session_is_made(
    run: CommandLine, limited: Path
) -> None:
    for words in (["hello"], ["hello", "--dry-run"], []):
        refused = run("session", "start", *words, "--resources", "gpu=64")
        assert refused.exit_code == 125
        (line,) = refused.err.splitlines()
        assert "gpu=64 is more than this node has" in line
    assert run("session", "list", "--all", "--output", "json").records() == []


def test_runs_of_an_ended_session_are_known_and_their_output_is_gone(
    run: CommandLine, limited: Path
) -> None:
    run("session", "start", "hello", "--name", "s").checked()
    (known,) = run("run", "list", "--output", "json").records()
    run("session", "stop").checked()
    assert run("run", "list", "--name", "s", "--output", "json").records() == [known]
    assert run("run", "list", "--output", "json").records() == [known]
    logs = run("run", "logs", str(known["id"]))
    assert (logs.exit_code, logs.out) == (125, "")
    assert "went with session s" in logs.err
    followed = run("run", "logs", "-f", str(known["id"]))
    assert (followed.exit_code, followed.out) == (0, "")
    assert run("run", "wait", str(known["id"])).exit_code == 0
    assert run("run", "list", "--name", "nosuch").exit_code == 4
