"""Ports of a node, and the system's own ssh, scp and sftp in a session."""

from __future__ import annotations

import signal
import urllib.request
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from outrig.testing.machines import Machine

SERVE = (
    "import http.server as h; s=h.ThreadingHTTPServer(('127.0.0.1',0),h.SimpleHTTPRequestHandler);"
    "print(s.server_port,flush=True); s.serve_forever()"
)


@pytest.fixture
def session(host: Machine, run: CommandLine, project: ProjectMaker) -> Iterator[Path]:
    """A running session with one file in it; returns the project."""
    directory = project({"outrig.yaml": {"name": "demo"}, "page.txt": "hello from there"})
    started = run("session", "start", "--provider", "ssh", "--hosts", host.name)
    assert started.exit_code == 0, started.err
    yield directory
    assert run("session", "stop", "--yes").exit_code == 0


@pytest.mark.parametrize("transport", ["openssh", "paramiko"])
def test_a_port_of_the_node_is_reached_here(
    session: Path, run: CommandLine, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    monkeypatch.setenv("OUTRIG_SSH_TRANSPORT", transport)
    server = run.start("session", "execute", "--shell", f'python3 -c "{SERVE}"')
    port = server.read_line().strip()
    forward = run.start("session", "forward", f"0:{port}")
    said = forward.read_error_line()
    here = said.split()[0].rpartition(":")[2]
    for _ in range(3):
        with urllib.request.urlopen(f"http://localhost:{here}/page.txt", timeout=60) as page:
            assert page.read() == b"hello from there"
    forward.send(signal.SIGINT)
    assert forward.wait().exit_code == 130
    server.send(signal.SIGINT)
    server.send(signal.SIGINT)
    server.wait()


def test_a_port_that_nobody_listens_at_is_said(session: Path, run: CommandLine) -> None:
    forward = run.start("session", "forward", "0:9")
    here = forward.read_error_line().split()[0].rpartition(":")[2]
    with pytest.raises(OSError, match=r".*"):
        urllib.request.urlopen(f"http://localhost:{here}/", timeout=60)
    assert "refused" in forward.read_error_line()
    forward.send(signal.SIGINT)
    assert forward.wait().exit_code == 130


def test_a_port_that_is_taken_here_is_said(session: Path, run: CommandLine, host: Machine) -> None:
    done = run("session", "forward", f"{host.port}:80")
    assert (done.exit_code, done.err.splitlines()[0]) == (
        2,
        f"outrig: error: port {host.port} of this computer cannot be taken: Address already in use",
    )
    assert run("session", "forward", "80:x").exit_code == 2


def test_ssh_runs_a_command_in_the_sessions_directory(session: Path, run: CommandLine) -> None:
    done = run("session", "ssh", "--", "cat page.txt; exit 5")
    assert (done.out, done.exit_code) == ("hello from there", 5), done.err


def test_scp_copies_both_ways(session: Path, run: CommandLine) -> None:
    (session / "odd name's.txt").write_text("x")
    assert run("session", "scp", "odd name's.txt", ":").exit_code == 0
    assert run("session", "scp", ":odd name's.txt", "back.txt").exit_code == 0
    assert (session / "back.txt").read_text() == "x"
    wrong = run("session", "scp", "a", "b")
    assert (wrong.exit_code, "begin with a colon" in wrong.err) == (125, True)


def test_sftp_takes_commands(session: Path, run: CommandLine) -> None:
    done = run("session", "sftp", input="get page.txt copy.txt\n")
    assert done.exit_code == 0, done.err
    assert (session / "copy.txt").read_text() == "hello from there"


def test_on_this_computer_there_is_nothing_to_log_in_to(
    run: CommandLine, project: ProjectMaker
) -> None:
    project({"outrig.yaml": {"name": "demo"}})
    assert run("session", "start").exit_code == 0
    done = run("session", "ssh")
    assert (done.exit_code, done.err.splitlines()[0]) == (
        125,
        "outrig: error: the session is on this computer: there is nothing to log in to",
    )
    assert run("session", "stop").exit_code == 0
