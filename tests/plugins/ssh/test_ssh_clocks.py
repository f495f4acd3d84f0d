"""Machines whose clock is off by a year: what runs there is right, and limits are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plugins.ssh.test_ssh_hostile import add_lines

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from outrig.testing.machines import Machine
    from tests.plugins.ssh.conftest import Lab

YEAR_S = 365 * 86400
CLOCK = """import time as _clock
_right = _clock.time
_clock.time = lambda: _right() + %d
"""


@pytest.fixture(params=[-YEAR_S, YEAR_S], ids=["late", "early"])
def off(isolated: Lab, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine whose node program, keeper and shims read a wrong clock."""
    monkeypatch.setenv("OUTRIG_SSH_PYTHON", "/tmp/evil")
    machine = isolated.boot("gamma")
    add_lines(machine, CLOCK % request.param)
    return machine


def test_a_session_works_there(
    off: Machine, run: CommandLine, project: ProjectMaker, tmp_path: Path
) -> None:
    directory = project(
        {"outrig.yaml": {"name": "demo", "output_files": ["out/"]}, "a.txt": "a", "b.txt": "b"}
    )
    words = ("--provider", "ssh", "--hosts", off.name, "--idle", "1h", "--max-age", "1h")
    assert run("session", "start", *words).exit_code == 0
    script = "mkdir -p out; cat a.txt > out/x; sleep 0.2; exit 4"
    assert run("session", "execute", "--shell", script).exit_code == 4
    assert (directory / "out/x").read_text() == "a"
    (directory / "a.txt").write_text("changed")
    assert run("session", "sync").exit_code == 0
    done = run("session", "execute", "--shell", "--timeout", "1h", "cat a.txt b.txt")
    assert (done.exit_code, done.out) == (0, "changedb"), done.err
    late = run("session", "execute", "--shell", "--timeout", "1s", "sleep 600")
    assert (late.exit_code, "timed out after 1 s" in late.err) == (124, True), late.err
    (one,) = run("session", "list", "--output", "json").records()
    assert one["state"] == "RUNNING"
    assert run("session", "stop").exit_code == 0
