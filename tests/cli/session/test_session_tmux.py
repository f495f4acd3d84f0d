"""Commands with `config: {tmux: true}`."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")

GATE = "while [ ! -e open ]; do sleep 0.05; done; echo through"


@pytest.fixture
def terminal_project(project: ProjectMaker) -> Path:
    """A project whose commands run in tmux."""
    commands = [
        {"name": "show", "command": 'echo "it\'s $TERM"; exit 3', "config": {"tmux": True}},
        {"name": "slow", "command": "echo started; sleep 600", "config": {"tmux": True}},
        {"name": "gate", "command": "echo go; " + GATE + "; exit 4", "config": {"tmux": True}},
    ]
    return project({"outrig.yaml": {"name": "p", "commands": commands}})


@needs_tmux
def test_log_and_exit_code_are_kept(run: CommandLine, terminal_project: Path) -> None:
    result = run("session", "start", "show", "--name", "s.1")
    assert result.exit_code == 3, result
    assert "it's " in result.out
    assert run("run", "list", "--output", "json").records()[0]["exit_code"] == 3
    assert run("session", "list", "--name", "s.1").out.count("tmux") == 0


@needs_tmux
def test_the_window_is_there_while_it_runs(run: CommandLine, terminal_project: Path) -> None:
    run("session", "start", "--name", "s").checked()
    running = run.start("session", "execute", "slow")
    assert running.read_line().strip() == "started"
    (session,) = run("session", "list", "--output", "json").records()
    (started,) = run("run", "list", "--output", "json").records()
    server = ("tmux", "-L", f"outrig-{session['id']}-{started['id']}")
    listed = subprocess.run([*server, "ls"], capture_output=True, text=True, check=True)
    assert listed.stdout.startswith("s: 1 windows")
    run("run", "cancel").checked()
    assert running.wait().exit_code != 0
    assert subprocess.run([*server, "ls"], capture_output=True, check=False).returncode != 0
    assert run("run", "list", "--output", "json").records()[0]["state"] == "CANCELLED"


@needs_tmux
def test_two_at_once_keep_log_and_exit_code(run: CommandLine, terminal_project: Path) -> None:
    run("session", "start", "--name", "s").checked()
    first, second = (run.start("session", "execute", name) for name in ("slow", "gate"))
    assert first.read_line().strip() == "started"
    assert second.read_line().strip() == "go"
    slow = next(
        one for one in run("run", "list", "--output", "json").records() if one["command"] == "slow"
    )
    run("run", "cancel", str(slow["id"])).checked()
    assert first.wait().exit_code != 0
    run("session", "execute", "--shell", "touch open").checked()
    ended = second.wait()
    assert (ended.exit_code, ended.out.strip()) == (4, "through")


def test_without_tmux_the_command_runs_all_the_same(
    run: CommandLine, terminal_project: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bin"
    bare.mkdir()
    for name in ("sh", "bash", "python3", "env", "ls"):
        found = shutil.which(name)
        if found is not None:
            (bare / name).symlink_to(found)
    result = run("session", "start", "show", env={"PATH": str(bare)})
    assert result.exit_code == 3, result
    assert "tmux is not on this node" in result.err
