"""Launchers that carry another tool's name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine

pytestmark = pytest.mark.usefixtures("acme")


@pytest.fixture
def place(tmp_path: Path, run: CommandLine) -> Path:
    """Install the launcher of the test's command set into a directory of its own."""
    directory = tmp_path / "it's a bin"
    run("shim", "install", "acmetool", "--dir", str(directory)).checked()
    return directory


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """Make a real program of the same name."""
    directory = tmp_path / "real"
    directory.mkdir()
    program = directory / "acmetool"
    program.write_text('#!/bin/sh\necho "real: $*"\nexit 3\n')
    program.chmod(0o755)
    return directory


def path(*places: Path) -> dict[str, str | None]:
    """Return a `PATH` that begins with the given places."""
    return {"PATH": os.pathsep.join([*map(str, places), os.environ["PATH"]])}


def test_the_other_tools_command_lines_work(place: Path, run: CommandLine) -> None:
    done = run.program("acmetool", "acme", "echo", "a b", "--lr", "-1", "--", "-x", env=path(place))
    answer = done.checked().json()
    assert isinstance(answer, dict)
    assert answer["words"] == ["a b", "-x"]
    assert (answer["lr"], answer["style"]) == ("-1", "odd")


def test_help_is_in_the_other_tools_name(place: Path, run: CommandLine) -> None:
    out = run.program("acmetool", "--help", env=path(place)).checked().out
    assert "Usage: acmetool COMMAND" in out
    out = run.program("acmetool", "acme", "echo", "--help", env=path(place)).checked().out
    assert "Usage: acmetool acme echo [OPTIONS]" in out


def test_words_it_does_not_know_go_to_the_real_program(
    place: Path, real: Path, run: CommandLine
) -> None:
    both = path(place, real)
    for words in (["start", "--head"], ["shim", "list"], ["--version"], ["-x", "y", "--"]):
        done = run.program("acmetool", *words, env=both)
        assert (done.out, done.exit_code) == (f"real: {' '.join(words)}\n", 3)
    assert run.program("acmetool", "acme", "echo", env=both).exit_code == 0


def test_without_a_real_program_unknown_words_are_an_error(place: Path, run: CommandLine) -> None:
    done = run.program("acmetool", "start", env=path(place))
    assert done.exit_code == 2
    assert "unknown command 'start'" in done.err


def test_two_launchers_do_not_call_each_other(
    place: Path, tmp_path: Path, run: CommandLine
) -> None:
    other = tmp_path / "other"
    run("shim", "install", "acmetool", "--dir", str(other)).checked()
    assert run.program("acmetool", "start", env=path(place, other)).exit_code == 2


@pytest.mark.parametrize("variable", ["OUTRIG_SHIMS=off", "OUTRIG_SESSION=s", "OUTRIG_RUN=r"])
def test_inside_sessions_the_launcher_stands_back(
    variable: str, place: Path, real: Path, run: CommandLine
) -> None:
    name, _, value = variable.partition("=")
    inside = path(place, real) | {name: value}
    done = run.program("acmetool", "acme", "echo", env=inside)
    assert (done.out, done.exit_code) == ("real: acme echo\n", 3)
    done = run.program("acmetool", "acme", "echo", env=path(place) | {name: value})
    assert (done.exit_code, "acmetool: not found" in done.err) == (127, True)


def test_a_foreign_file_is_never_touched(tmp_path: Path, real: Path, run: CommandLine) -> None:
    before = (real / "acmetool").read_bytes()
    done = run("shim", "install", "acmetool", "--dir", str(real))
    assert (done.exit_code, "is no launcher of Outrig's" in done.err) == (2, True)
    assert run("shim", "remove", "acmetool", "--dir", str(real)).exit_code == 4
    assert (real / "acmetool").read_bytes() == before
    dangling = tmp_path / "dangling"
    dangling.mkdir()
    (dangling / "acmetool").symlink_to("nowhere")
    assert run("shim", "install", "acmetool", "--dir", str(dangling)).exit_code == 2
    assert (dangling / "acmetool").is_symlink()


def test_install_list_remove(place: Path, real: Path, run: CommandLine) -> None:
    again = run("shim", "install", "acmetool", "--dir", str(place)).checked()
    assert again.out == f"{place}/acmetool\n"
    listed = run(
        "shim", "list", "--dir", str(place), "--output", "json", env=path(place, real)
    ).checked()
    assert {
        "tool": "acmetool",
        "command_set": "outrig tool",
        "launcher": f"{place}/acmetool",
        "real_program": f"{real}/acmetool",
    } in listed.json()  # type: ignore[operator]
    run("shim", "remove", "acmetool", "--dir", str(place)).checked()
    assert list(place.iterdir()) == []
    done = run("shim", "remove", "acmetool", "--dir", str(place))
    assert (done.exit_code, "does not exist" in done.err) == (4, True)


def test_the_usual_directory_and_its_warnings(
    real: Path, outrig_home: Path, run: CommandLine
) -> None:
    done = run("shim", "install", "acmetool").checked()
    usual = outrig_home / ".local/bin"
    assert done.out == f"{usual}/acmetool\n"
    assert "is not on PATH" in done.err
    hidden = run("shim", "install", "acmetool", env=path(real, usual)).checked()
    assert f"{real}/acmetool comes first on PATH and hides it" in hidden.err
    assert run("shim", "install", "acmetool", env=path(usual)).checked().err == ""
    assert "acmetool" in run("completion", "bash").checked().out.splitlines()[-1]


def test_an_unknown_tool(run: CommandLine) -> None:
    done = run("shim", "install", "nosuch")
    assert (done.exit_code, "there is one for: acmetool, any" in done.err) == (2, True)


def test_a_launcher_whose_command_set_is_gone(place: Path, real: Path, run: CommandLine) -> None:
    gone = path(place) | {"PYTHONPATH": None}
    done = run.program("acmetool", "acme", "echo", env=gone)
    assert (done.exit_code, "outrig shim remove acmetool" in done.err) == (8, True)
    handed = run.program("acmetool", "x", env=path(place, real) | {"PYTHONPATH": None})
    assert handed.out == "real: x\n"


def test_any_is_outrigs_own(tmp_path: Path, run: CommandLine) -> None:
    run("shim", "install", "any", "--dir", str(tmp_path / "bin")).checked()
    out = run.program("any", "session", "--help", env=path(tmp_path / "bin")).checked().out
    assert "Usage: any session COMMAND" in out
