"""A console in a session, on a real terminal and on a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import shutil
import struct
import subprocess
import termios
import time
from typing import TYPE_CHECKING

import pytest

from outrig.testing.command_line import OUTRIG

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker

_LIMIT_S = 20


class Terminal:
    """A program on a terminal of 33 rows and 101 columns."""

    def __init__(self, *words: str, cwd: Path) -> None:
        self.master, follower = pty.openpty()
        self.resize(33, 101)
        self.process = subprocess.Popen(
            [*OUTRIG, *words],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            cwd=cwd,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm"},
        )
        os.close(follower)
        self.seen = ""

    def resize(self, rows: int, columns: int) -> None:
        """Change the window's size, as a person dragging its corner."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        """Type."""
        os.write(self.master, text.encode())

    def wait_for(self, text: str) -> None:
        """Read until `text` was printed."""
        deadline = time.monotonic() + _LIMIT_S
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen
            if not select.select([self.master], [], [], 0.2)[0]:
                continue
            try:
                self.seen += os.read(self.master, 4096).decode(errors="replace")
            except OSError:  # the other side is closed
                assert text in self.seen, self.seen

    def insist(self, text: str, answer: str) -> None:
        """Type until it was heard."""
        deadline = time.monotonic() + _LIMIT_S
        while answer not in self.seen:
            assert time.monotonic() < deadline, self.seen
            self.type(text)
            if select.select([self.master], [], [], 1.0)[0]:
                self.seen += os.read(self.master, 4096).decode(errors="replace")

    def end(self) -> int:
        """Wait for the program's end and return its exit code."""
        code = self.process.wait(_LIMIT_S)
        os.close(self.master)
        return code


@pytest.fixture
def started(run: CommandLine, demo: Path) -> Path:
    """The demo project with the session `s` running."""
    run("session", "start", "--name", "s").checked()
    return demo


def test_a_console_has_the_work_directory_size_and_exit_code(started: Path) -> None:
    terminal = Terminal("session", "attach", "s", cwd=started)
    terminal.type("ls; stty size; echo $((40+2))\n")
    terminal.wait_for("outrig.yaml")
    terminal.wait_for("33 101")
    terminal.wait_for("42")
    terminal.type("exit 5\n")
    assert terminal.end() == 5


def test_a_console_follows_the_window_and_passes_ctrl_c(started: Path) -> None:
    terminal = Terminal("session", "attach", cwd=started)
    # one program says it is ready and sleeps: between two a shell has nothing to pass Ctrl-C to
    terminal.type("sh -c 'echo ready$((1+1)); exec sleep 600'\n")
    terminal.wait_for("ready2")
    terminal.type("\x03")
    terminal.resize(20, 70)
    os.kill(terminal.process.pid, 28)  # SIGWINCH, as the terminal sends it
    terminal.insist("echo back$((4+4))\n", "back8")  # a shell may drop what is typed with Ctrl-C
    terminal.type("stty size; exit\n")
    terminal.wait_for("20 70")
    assert terminal.end() == 0


def test_a_piped_console_ends_with_its_input(run: CommandLine, started: Path) -> None:
    result = run("session", "attach", input="echo $((40+2))\nexit 3\n")
    assert "42" in result.out
    assert result.exit_code == 3


def test_a_suspended_session_is_resumed_with_start(run: CommandLine, started: Path) -> None:
    run("session", "stop", "--keep").checked()
    refused = run("session", "attach", input="exit\n")
    assert refused.exit_code == 125
    assert "--start" in refused.err
    assert run("session", "attach", "s", "--start", input="exit 4\n").exit_code == 4


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_attaching_to_tmux_shows_the_run_in_it_and_ends_with_it(
    run: CommandLine, project: ProjectMaker
) -> None:
    script = "echo ask; read x; echo got-$x; exit 6"
    command = {"name": "ask", "command": script, "config": {"tmux": True}}
    directory = project({"outrig.yaml": {"name": "p", "commands": [command]}})
    run("session", "start", "--name", "s").checked()
    running = run.start("session", "execute", "ask")
    assert running.read_line().strip() == "ask"
    terminal = Terminal("session", "attach", "--tmux", cwd=directory)
    terminal.wait_for("[s]")
    terminal.type("this\n")
    ended = running.wait()
    assert (ended.exit_code, "got-this" in ended.out) == (6, True)
    terminal.end()
