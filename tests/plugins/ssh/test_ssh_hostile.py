"""A host that lies: whatever its node program does, it ends in one clear line and nothing of ours.

The program there is the real one with a few lines of the test's: `python` is set to what adds them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from outrig.node.boot import BOOTSTRAP

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from outrig.testing.machines import Machine
    from outrig.testing.result import Result
    from tests.plugins.ssh.conftest import Lab

    Spoil = Callable[[str], None]

LAST = 'names["run_serve"](root)'
EVIL = f"""#!/usr/bin/env -S python3 -IS
import base64, sys
boot = base64.b64decode(sys.argv[3].split('"')[3]).decode()
with open("/tmp/added") as added:
    code = boot.replace({LAST!r}, added.read() + {LAST!r})
sys.argv = ["-c", *sys.argv[4:]]
exec(code)
"""
GARBAGE = "os.write(1, os.urandom(1 << 20))\n"
MUTE = "import time; time.sleep(3600)\n"
NO_FRAMES = "os.write(1, bytes(1 << 16))\n"
HUGE_FRAME = "os.write(1, b'\\xff' * 64)\n"
BIG_WORD = "os.write(1, b'x' * (1 << 20))\n"


def handler(op: str, body: str) -> str:
    """Return what puts a function of the test's in place of how a call is answered."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"def evil(root, call):\n{lines}names['HANDLERS'][{op!r}] = evil\n"


REFUSED = r"""raise names["Refused"]("\x1b]0;title\x07\x1b[2J\x1b[31mred\nnext \u202e line")"""
ENDLESS = """import json
while True: call.send(b"x" * (1 << 20))"""
ESCAPING = """files = [[one, False, 4, 1, True, None] for one in %r]
call.send_fields({"files": files})
return {}"""
READING = """call.send(b"evil")
return {"size": 4, "mark": "m"}"""
STANDS_STILL = """import signal
os.kill(os.getpid(), signal.SIGSTOP)"""
MANIFEST_AGAIN = """while True:
    call.send_fields({"want": "manifest"})"""


@pytest.fixture
def own(isolated: Lab, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine of this test's own, which is not believed for long."""
    monkeypatch.setenv("OUTRIG_SSH_ALIVE_S", "4")
    monkeypatch.setenv("OUTRIG_SSH_CONNECT_S", "2")
    monkeypatch.setenv("OUTRIG_SSH_PATIENCE_S", "0")
    assert LAST in BOOTSTRAP
    monkeypatch.setenv("OUTRIG_SSH_PYTHON", "/tmp/evil")
    machine = isolated.boot("gamma")
    add_lines(machine, "")
    return machine


@pytest.fixture(params=["openssh", "paramiko"])
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way to connect."""
    monkeypatch.setenv("OUTRIG_SSH_TRANSPORT", str(request.param))
    return str(request.param)


@pytest.fixture
def spoil(own: Machine) -> Spoil:
    """Add lines to the node program of all connections to come."""
    return partial(add_lines, own)


def add_lines(machine: Machine, lines: str) -> None:
    """Write down what is added to the node program from now on."""
    machine.run('printf %s "$1" > /tmp/added; printf %s "$2" > /tmp/evil', lines, EVIL)
    machine.run("chmod 755 /tmp/evil; chmod 644 /tmp/added")


@pytest.fixture
def session(own: Machine, run: CommandLine, project: ProjectMaker) -> Path:
    """A session that the host was honest in; what it keeps goes with the host."""
    settings = {"name": "demo", "output_files": ["out/"]}
    directory = project({"outrig.yaml": settings, "a.txt": "a", "b.txt": "b"})
    assert run("session", "start", "--provider", "ssh", "--hosts", "gamma").exit_code == 0
    return directory


def one_line(done: Result) -> str:
    """Return the one error that a command ended with; nothing of it may reach a terminal."""
    found = [line for line in done.err.splitlines() if line.startswith("outrig: error:")]
    assert len(found) == 1, done.err
    assert "Traceback" not in done.err
    assert not [sign for sign in done.err if sign in "\x1b\x07\u202e"], done.err
    return found[0]


@pytest.mark.parametrize("lines", [GARBAGE, NO_FRAMES, HUGE_FRAME, BIG_WORD])
def test_garbage_is_one_line(
    session: Path, spoil: Spoil, transport: str, run: CommandLine, lines: str
) -> None:
    spoil(lines)
    done = run("session", "execute", "--shell", "true")
    assert done.exit_code == 125
    assert "gamma: " in one_line(done)


def test_a_program_that_says_nothing_is_one_line(
    session: Path, spoil: Spoil, transport: str, run: CommandLine
) -> None:
    spoil(MUTE)
    done = run("session", "execute", "--shell", "true", timeout_s=120)
    assert (done.exit_code, "gamma: no answer from the node in 8 s" in one_line(done)) == (
        125,
        True,
    )


def test_a_program_that_stands_still_is_one_line(
    session: Path, spoil: Spoil, transport: str, run: CommandLine
) -> None:
    spoil(handler("execute", STANDS_STILL))
    done = run("session", "execute", "--shell", "true", timeout_s=120)
    assert (done.exit_code, "gamma: " in one_line(done)) == (125, True), done.err


def test_escape_codes_in_a_refusal_are_shown_and_not_obeyed(
    session: Path, spoil: Spoil, run: CommandLine
) -> None:
    spoil(handler("execute", REFUSED))
    done = run("session", "execute", "--shell", "true")
    assert done.exit_code == 125
    assert "red" in one_line(done)


@pytest.mark.parametrize("op", ["execute", "wait", "read_log"])
def test_an_answer_without_end_is_cut_off(
    session: Path, spoil: Spoil, run: CommandLine, op: str
) -> None:
    spoil(handler(op, ENDLESS))
    done = run("session", "execute", "--shell", "echo hello", timeout_s=120)
    assert done.exit_code == 125
    assert "gamma: " in one_line(done)


def test_a_manifest_is_sent_once(session: Path, spoil: Spoil, run: CommandLine) -> None:
    spoil(handler("sync", MANIFEST_AGAIN))
    (session / "new").write_text("new")
    done = run("session", "sync", timeout_s=120)
    assert (done.exit_code, "asks for the manifest again" in one_line(done)) == (7, True)


@pytest.mark.parametrize(
    "answer",
    ['{"want": "chunks", "chunks": [-1]}', '{"want": "chunks", "chunks": [7000]}', "[]", "nothing"],
)
def test_a_node_that_wants_what_there_is_not_is_one_line(
    session: Path, spoil: Spoil, run: CommandLine, answer: str
) -> None:
    spoil(handler("sync", f"call.send({answer.encode()!r})\nfor _ in call.receive(): pass"))
    (session / "new").write_text("new")
    done = run("session", "sync", timeout_s=120)
    assert (done.exit_code, "gamma: " in one_line(done)) == (7, True)


@pytest.mark.parametrize(
    "path", ["../outside", "/tmp/outside", "out/../../outside", "out/\0x", "", "."]
)
def test_outputs_that_would_leave_the_project_are_refused(
    session: Path, spoil: Spoil, run: CommandLine, path: str
) -> None:
    spoil(handler("list_files", ESCAPING % ([path],)) + handler("read_file", READING))
    before = {one.name for one in session.parent.iterdir()}
    done = run("session", "pull", timeout_s=120)
    assert (done.exit_code, "refused" in one_line(done)) == (7, True)
    assert {one.name for one in session.parent.iterdir()} == before
    assert sorted(one.name for one in session.iterdir()) == ["a.txt", "b.txt", "outrig.yaml"]


def test_names_with_escape_codes_are_shown_and_not_obeyed(
    session: Path, spoil: Spoil, run: CommandLine
) -> None:
    spoil(handler("list_files", ESCAPING % (["out/\x1b[31mred\x07"],)))
    listed = run("session", "ls", timeout_s=120)
    assert listed.exit_code == 0
    assert "\x1b" not in listed.out + listed.err
    assert "red" in listed.out
