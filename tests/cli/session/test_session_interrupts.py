"""Ctrl-C and kill -9 in every step: nothing is lost, nothing stays, the next command goes on."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from outrig.state.state import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import PluginMaker, ProjectMaker

    Reached = Callable[[str], None]

HOOKS = ("store_snapshot", "provision", "sync", "execute")

WAITER = '''
import os, time
from outrig.hookspecs import hookimpl

def _wait(hook, context):
    if os.environ.get("WAIT_IN") == hook:
        with open(os.environ["REACHED"], "a") as file:
            file.write(hook)
        for _ in range(1000):
            context.check_cancelled()
            time.sleep(0.02)

class Waiter:
    """Stays in one hook until it is interrupted."""

    @hookimpl(wrapper=True)
    def store_snapshot(self, source, context):
        _wait("store_snapshot", context)
        return (yield)

    @hookimpl(wrapper=True)
    def provision(self, request, context):
        _wait("provision", context)
        return (yield)

    @hookimpl(wrapper=True)
    def sync(self, request, context):
        _wait("sync", context)
        return (yield)

    @hookimpl(wrapper=True)
    def execute(self, request, context):
        _wait("execute", context)
        return (yield)
'''


@pytest.fixture
def reached(plugins: PluginMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reached:
    """Install an extension that stays in a hook; call the result to wait until it is there."""
    plugins(
        "waiter",
        entry_points={"outrig.extensions": {"waiter": "waiter:Waiter"}},
        files={"waiter.py": WAITER},
    )
    marker = tmp_path / "reached"
    monkeypatch.setenv("REACHED", str(marker))

    def wait(text: str) -> None:
        deadline = time.monotonic() + 30
        while not (marker.exists() and text in marker.read_text()):
            assert time.monotonic() < deadline, f"{text} was not reached"
            time.sleep(0.02)

    return wait


@pytest.mark.parametrize("hook", HOOKS)
def test_ctrl_c_releases_what_a_start_has_made(
    run: CommandLine, demo: Path, reached: Reached, hook: str
) -> None:
    running = run.start("session", "start", "hello", "--name", "s", env={"WAIT_IN": hook})
    reached(hook)
    running.send(signal.SIGINT)
    result = running.wait()
    assert result.exit_code == 130, result
    assert "Traceback" not in result.err
    live = run("session", "list", "--output", "json").records()
    assert [one["state"] for one in live] == (["RUNNING"] if hook == "execute" else [])
    assert run("run", "list", "--all", "--output", "json").records() == [] or hook == "execute"
    assert State().runs.unfinished() == []
    assert (State().journal.open_entries() == []) == (hook != "execute")
    assert run("session", "start", "hello", "--name", "s").out == "hello\n"


@pytest.mark.parametrize("hook", HOOKS)
def test_after_kill_9_the_next_start_goes_on(
    run: CommandLine, demo: Path, reached: Reached, hook: str
) -> None:
    running = run.start("session", "start", "hello", "--name", "s", env={"WAIT_IN": hook})
    reached(hook)
    running.send(signal.SIGKILL)
    assert running.wait().exit_code == 137
    assert run("session", "list").exit_code == 0
    assert run("session", "start", "hello", "--name", "s").out == "hello\n"
    assert len(run("session", "list", "--all", "--output", "json").records()) == 1
    assert run("session", "stop").exit_code == 0
    assert State().journal.open_entries() == []


def test_a_start_that_was_killed_can_be_stopped(
    run: CommandLine, demo: Path, reached: Reached
) -> None:
    running = run.start("session", "start", "hello", "--name", "s", env={"WAIT_IN": "sync"})
    reached("sync")
    running.send(signal.SIGKILL)
    running.wait()
    listed = run("session", "list", "--output", "json").records()
    assert listed[0]["state"] == "PREPARING"
    assert run("session", "stop", "s").exit_code == 0
    assert run("session", "list").err == "no sessions\n"


def test_ctrl_c_while_the_environment_is_made(
    run: CommandLine, project: ProjectMaker, tmp_path: Path
) -> None:
    marker = tmp_path / "preparing"
    project(
        {
            "outrig.yaml": {
                "name": "slow",
                "environment": {"shell": [f"touch '{marker}'; exec sleep 600"]},
                "commands": [{"name": "hello", "command": "echo hello"}],
            }
        }
    )
    running = run.start("session", "start", "hello")
    deadline = time.monotonic() + 30
    while not marker.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    running.send(signal.SIGINT)
    result = running.wait()
    assert result.exit_code == 130, result
    assert run("session", "list").err == "no sessions\n"


def test_a_failing_set_up_step_is_told_and_nothing_stays(
    run: CommandLine, project: ProjectMaker
) -> None:
    project(
        {
            "outrig.yaml": {
                "name": "bad",
                "environment": {"shell": ["echo fine", "echo broken >&2; exit 3"]},
                "commands": [{"name": "hello", "command": "echo hello"}],
            }
        }
    )
    result = run("session", "start", "hello")
    assert result.exit_code == 125
    assert "broken" in result.err
    assert "3" in result.err
    assert run("session", "list").err == "no sessions\n"
