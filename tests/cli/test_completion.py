"""What shells are told, and the shells themselves where they are installed."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from outrig.cli.completion_scripts import SCRIPTS

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine

pytestmark = pytest.mark.usefixtures("acme")


def candidates(run: CommandLine, *words: str) -> list[str]:
    """Return the values that a shell is told for the last word."""
    lines = run("__complete", "bash", "outrig", *words).checked().lines
    return [line.partition("\t")[0] for line in lines]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["acm"], ["acme"]),
        (["acme", "e"], ["echo", "exec"]),
        (["help", "acme", "ec"], ["echo"]),
        (["-v", "acme", "ec"], ["echo"]),
        (["--without-plugin", "x", "acme", "ec"], ["echo"]),
        (["tool", ""], ["acme"]),
        (["tool", "acme", "ec"], ["echo"]),
        (["acme", "admin", "l"], ["list", ":files"]),
        (["acme", "echo", "--co"], ["--count", "--colour"]),
        (["acme", "echo", "--sec"], []),
        (["acme", "echo", "--m"], ["--mount", "--mnt"]),
        (["acme", "echo", "--client-token", ""], [":files"]),
        (["acme", "both", "l"], ["list", ":files"]),
        (["acme", "--output", "json", "both", "l"], ["list", ":files"]),
        (["acme", "echo", "--colour", ""], ["red", "green", "odd one"]),
        (["acme", "echo", "--colour", "r"], ["red"]),
        (["acme", "echo", "--colour=g"], ["--colour=green"]),
        (["acme", "echo", "--lr", ""], [":files"]),
        (["acme", "echo", "-l", ""], [":files"]),
        (["acme", "echo", "pl"], ["plain"]),
        (["acme", "echo", "-n", "t"], ["two words", "two$dollars"]),
        (["acme", "rows", "--output", "o"], ["odd"]),
        (["acme", "start", "train", "--ra"], ["--rate"]),
        (["acme", "start", "nosuch", "--na"], ["--name"]),
        (["acme", "echo", "--", ""], [":files"]),
        (["acme", "rows", ""], []),
        (["nosuch", ""], []),
        (["--he"], ["--help"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
    ],
    ids=str,
)
def test_candidates(words: list[str], expected: list[str], run: CommandLine) -> None:
    assert candidates(run, *words) == expected


def test_candidates_have_their_meaning(run: CommandLine) -> None:
    out = run("__complete", "zsh", "outrig", "acme", "ech").checked().out
    assert out == "echo\tPrint what was understood\n"


def test_a_launchers_words_are_its_command_sets(run: CommandLine) -> None:
    assert run("__complete", "bash", "/x/acmetool", "").checked().out.startswith("acme\t")


@pytest.fixture
def script(tmp_path: Path) -> dict[str, str]:
    """Put an `outrig` on the path and return each shell's script."""
    place = tmp_path / "my bin"
    place.mkdir()
    program = place / "outrig"
    boot = "import sys; from outrig.__main__ import main; sys.exit(main())"
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' -P -c '{boot}' \"$@\"\n")
    program.chmod(0o755)
    path = f"{place}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path} | {
        shell: script(str(program), ["outrig"]) for shell, script in SCRIPTS.items()
    }


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_command_prints_the_script(shell: str, run: CommandLine) -> None:
    assert run("completion", shell).checked().out == SCRIPTS[shell]("outrig", ["outrig"])


BASH = r"""
complete() { :; }
source "$1"
compopt() { echo "compopt $*"; }
COMP_WORDS=("${@:2}")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
COMPREPLY=()
_outrig_complete outrig
printf '%s\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["acme", "ec"], ["echo"]),
        (["acme", "echo", "--colour", "=", "g"], ["green"]),
        (["acme", "echo", "--colour", "="], ["red", "green", r"odd\ one"]),
        (["acme", "echo", "two"], [r"two\ words", r"two\$dollars"]),
        (["acme", "echo", '"two w'], ["two words"]),
        (["acme", "echo", r"two\ w"], [r"two\ words"]),
        (["acme", "echo", "it"], [r"it\'s"]),
        (["acme", "echo", "--lr", ""], ["compopt -o default", ""]),
    ],
    ids=str,
)
def test_bash_completes(
    words: list[str], expected: list[str], run: CommandLine, script: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "completion.bash"
    file.write_text(script["bash"])
    done = run.program(
        "bash", "-c", BASH, "bash", str(file), "outrig", *words, env={"PATH": script["PATH"]}
    )
    assert (done.lines, done.err) == (expected, "")


def typed_into(argv: list[str], typed: bytes, path: str, end: bytes) -> str:
    """Type into an interactive shell on a terminal until it shows `end`."""
    parent, child = pty.openpty()
    environment = {**os.environ, "PATH": path, "TERM": "xterm"}
    process = subprocess.Popen(
        argv, stdin=child, stdout=child, stderr=child, env=environment, start_new_session=True
    )
    os.close(child)
    os.write(parent, typed)
    shown = b""
    while end not in shown:
        try:
            part = os.read(parent, 65536)
        except OSError:
            break
        shown += part
    os.close(parent)
    process.kill()
    process.wait()
    return shown.decode(errors="replace")


def test_bash_completes_what_is_typed(script: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "rc"
    file.write_text(script["bash"] + "PS1=''\n")
    shown = typed_into(
        ["bash", "--noprofile", "--rcfile", str(file), "-i"],
        b"outrig acme ech\tone pla\t\n",
        script["PATH"],
        b'"yes": false}',
    )
    assert '"words": ["one", "plain"]' in shown


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_completes_what_is_typed(script: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "completion.zsh").write_text(script["zsh"])
    begin = f"PS1=; autoload -Uz compinit; compinit -D -u; source {tmp_path}/completion.zsh\n"
    shown = typed_into(
        ["zsh", "-f", "-i"],
        begin.encode() + b"outrig acme ech\tone two\\ w\t --colour=g\t\n",
        script["PATH"],
        b'"yes": false}',
    )
    assert '"words": ["one", "two words"]' in shown
    assert '"colour": "green"' in shown


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_is_told_the_candidates(
    run: CommandLine, script: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "completion.fish").write_text(script["fish"])
    for typed, expected in (
        ("outrig acme ech", ["echo\tPrint what was understood"]),
        ("outrig acme echo pl", ["plain"]),
        ("outrig acme echo --colour r", ["red"]),
        ("outrig acme echo --colour=g", ["--colour=green"]),
    ):
        source = f"source {tmp_path}/completion.fish; complete -C '{typed}'"
        done = run.program("fish", "--no-config", "-c", source, env={"PATH": script["PATH"]})
        assert done.lines == expected, str(done)
