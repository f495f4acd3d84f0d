"""What the base class gives every command: errors, exit codes, output, questions."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from outrig.testing.command_line import OUTRIG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig.testing.command_line import CommandLine

pytestmark = pytest.mark.usefixtures("acme")


def on_a_terminal(
    *words: str, typed: bytes = b"", variables: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Run `outrig` with a terminal as all three streams; return exit code and what it showed."""
    parent, child = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", **(variables or {})}
    process = subprocess.Popen(
        [*OUTRIG, *words], stdin=child, stdout=child, stderr=child, env=environment
    )
    os.close(child)
    os.write(parent, typed)
    shown = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:  # what Linux says when the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(parent)
    return process.wait(), shown.decode()


@pytest.mark.parametrize(
    ("command", "how", "code"),
    [
        ("fail", "auth", 5),
        ("fail", "bug", 1),
        ("fail", "os", 1),
        ("fail", "interrupt", 130),
        ("fail", "code", 7),
        ("failrun", "auth", 125),
        ("failrun", "bug", 125),
        ("failrun", "interrupt", 130),
        ("failrun", "code", 7),
    ],
)
def test_exit_codes(command: str, how: str, code: int, run: CommandLine) -> None:
    done = run("acme", command, how)
    assert (done.exit_code, done.out) == (code, "")
    assert "Traceback" not in done.err


def test_an_error_is_one_line_and_a_hint(run: CommandLine) -> None:
    assert run("acme", "fail", "auth").err == (
        "outrig: error: no \\x1b[31mkey for acme\noutrig: hint: log in\n"
    )


def test_a_bug_says_that_it_is_one(run: CommandLine) -> None:
    done = run("acme", "fail", "bug")
    assert done.err == (
        "outrig: error: RuntimeError: boom (a bug in Outrig; -vv shows the traceback)\n"
    )
    for words in (["-vv", "acme", "fail", "bug"], ["acme", "fail", "bug", "-vv"]):
        assert "Traceback (most recent call last)" in run(*words).err


def test_an_error_of_the_system_names_the_file(run: CommandLine) -> None:
    assert run("acme", "fail", "os").err == (
        "outrig: error: No such file or directory: /nonexistent/file\n"
    )


def test_a_closed_pipe_is_quiet(run: CommandLine) -> None:
    command = " ".join((*OUTRIG, "acme", "fail", "pipe"))
    done = run.program("bash", "-c", f"{command} | head -n 1; echo ${{PIPESTATUS[0]}}")
    assert (done.lines, done.err) == (["line", str(128 + signal.SIGPIPE)], "")


def test_a_full_disk_is_told(run: CommandLine) -> None:
    command = " ".join((*OUTRIG, "--help"))
    done = run.program("bash", "-c", f"{command} > /dev/full")
    assert done.exit_code == 1
    assert "No space left on device" in done.err


def test_closed_streams_do_no_harm(run: CommandLine) -> None:
    command = " ".join((*OUTRIG, "acme", "echo"))
    assert run.program("bash", "-c", f"{command} >&- 2>&-").exit_code == 0


def test_quiet_keeps_warnings_only(run: CommandLine) -> None:
    assert run("acme", "ask").err == "a note\noutrig: warning: a warning\n"
    assert run("acme", "ask", "-v").err == "a note\na detail\noutrig: warning: a warning\n"
    assert run("acme", "ask", "-q").err == "outrig: warning: a warning\n"


def test_without_a_terminal_nobody_is_asked(run: CommandLine) -> None:
    assert run("acme", "ask").out == "no\n"
    assert run("acme", "ask", "--assume").out == "yes\n"
    assert run("acme", "ask", "--yes").out == "yes\n"
    assert run("acme", "ask", input="y\n").out == "no\n"


@pytest.mark.parametrize(
    ("typed", "answer"), [(b"y\n", "yes"), (b"YES\n", "yes"), (b"\n", "no"), (b"\x04", "no")]
)
def test_on_a_terminal_the_user_is_asked(typed: bytes, answer: str) -> None:
    code, shown = on_a_terminal("acme", "ask", typed=typed)
    assert code == 0
    assert "Sure? [y/N]" in shown
    assert shown.rstrip().endswith(answer)
    assert "Sure?" not in on_a_terminal("acme", "ask", "-y")[1]


def test_colour_is_for_terminals_that_want_it() -> None:
    assert "\x1b[33moutrig: warning:\x1b[0m" in on_a_terminal("acme", "ask", "-y")[1]
    cases: tuple[tuple[tuple[str, ...], dict[str, str]], ...] = (
        (("acme", "ask", "-y"), {"NO_COLOR": "1"}),
        (("acme", "ask", "-y"), {"TERM": "dumb"}),
        (("--no-color", "acme", "ask", "-y"), {}),
        (("acme", "ask", "-y", "--no-color"), {}),
    )
    for words, variables in cases:
        assert "\x1b" not in on_a_terminal(*words, variables=variables)[1]


def test_bytes_pass_and_escapes_in_lines_do_not(run: CommandLine) -> None:
    done = subprocess.run([*OUTRIG, "acme", "bytes"], capture_output=True, check=True)
    assert done.stdout == (b"text \xff\x00bytes name-\xff <info>no markup</info> \\x1b[31m\n")
    ascii_only = run("acme", "bytes", env={"PYTHONIOENCODING": "ascii"})
    assert ascii_only.exit_code == 0


def test_a_command_that_cannot_be_imported_any_more_is_a_plugin_error(run: CommandLine) -> None:
    run("--help").checked()
    program = (
        "import sys; sys.modules['acme_cli'] = None\n"
        "from outrig.__main__ import main; sys.exit(main())"
    )
    done = run.program(sys.executable, "-P", "-c", program, "acme", "echo")
    assert done.exit_code == 8
    assert "plugin acme-cli 1.0: command 'acme echo'" in done.err
