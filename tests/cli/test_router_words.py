"""How words lead to commands, groups, help and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig import __version__

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine

pytestmark = pytest.mark.usefixtures("acme")


@pytest.mark.parametrize("words", [["--version"], ["-V"], ["-q", "--version"]], ids=str)
def test_the_version(words: list[str], run: CommandLine) -> None:
    assert run(*words).checked().out == f"outrig {__version__}\n"


@pytest.mark.parametrize(
    "words", [[], ["--help"], ["-h"], ["help"], ["-v", "--help"], ["--no-color", "help"]], ids=str
)
def test_the_tools_help_lists_groups(words: list[str], run: CommandLine) -> None:
    out = run(*words).checked().out
    assert "Usage: outrig COMMAND" in out
    assert "  acme        Commands of a third party\n" in out


@pytest.mark.parametrize(
    "words",
    [["acme"], ["acme", "--help"], ["--help", "acme"], ["help", "acme"], ["acme", "-v", "-h"]],
    ids=str,
)
def test_a_groups_help_lists_its_commands(words: list[str], run: CommandLine) -> None:
    out = run(*words).checked().out
    assert out.startswith("Commands of a third party\n")
    assert "Usage: outrig acme COMMAND" in out
    assert "  echo     Print what was understood\n" in out
    assert "  ask " not in out  # hidden
    assert "--version" not in out


@pytest.mark.parametrize(
    "words",
    [
        ["acme", "echo", "--help"],
        ["acme", "--help", "echo"],
        ["--help", "acme", "echo"],
        ["help", "acme", "echo"],
        ["acme", "say", "-h"],
    ],
    ids=str,
)
def test_a_commands_help(words: list[str], run: CommandLine) -> None:
    out = run(*words).checked().out
    assert out.startswith("Print what was understood\n\nUsage: outrig acme ")
    assert "    kept as it is" in out
    assert "outrig acme echo x" in out
    assert "--secret" not in out
    assert "[=WHEN]" in out


def test_help_is_never_wider_than_the_terminal(run: CommandLine) -> None:
    for columns in (40, 60, 80):
        out = run("acme", "echo", "--help", env={"COLUMNS": str(columns)}).checked().out
        assert max(len(line) for line in out.splitlines()) <= columns


def test_global_options_may_stand_between_words(run: CommandLine) -> None:
    for words in (
        ["-vv", "-q", "-y", "acme", "echo", "t"],
        ["-vqyv", "acme", "echo", "t"],
        ["acme", "-vv", "-q", "-y", "echo", "t"],
        ["acme", "-v", "--verbose", "--quiet", "--yes", "echo", "t"],
        ["acme", "echo", "t", "--verbose", "--verbose", "-q", "-y"],
    ):
        answer = run(*words).checked().json()
        assert isinstance(answer, dict)
        assert (answer["verbosity"], answer["quiet"], answer["yes"]) == (2, True, True), words
        assert answer["words"] == ["t"]


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["acmee"], "outrig: unknown command 'acmee'", "did you mean outrig acme?"),
        (["acme", "ecko"], "outrig acme: unknown command 'ecko'", "did you mean outrig acme echo?"),
        (["rows"], "outrig: unknown command 'rows'", "did you mean outrig acme rows"),
        (["zzz", "--help"], "outrig: unknown command 'zzz'", "outrig --help"),
        (["--", "acme"], "outrig: unknown command 'acme'", ""),
        (["--bogus", "acme"], "outrig: unknown option --bogus", "outrig --help"),
        (["acme", "--bogus"], "outrig acme: unknown option --bogus", "outrig acme --help"),
        (["--without-plugin"], "--without-plugin needs a value", ""),
        (["\x1b[31m"], "unknown command '\\x1b[31m'", ""),
    ],
    ids=str,
)
def test_words_that_lead_nowhere(
    words: list[str], message: str, hint: str, run: CommandLine
) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert done.out == ""
    assert message in done.err
    assert hint in done.err
    assert "\x1b" not in done.err
    assert len(done.err.splitlines()) <= 2


def test_a_route_stands_for_other_words_and_gives_a_style(run: CommandLine) -> None:
    answer = run("tool", "acme", "echo", "x").checked().json()
    assert isinstance(answer, dict)
    assert (answer["style"], answer["words"]) == ("odd", ["x"])
    assert run("tool", "acme", "rows").checked().out == "odd listing\n"
    assert run("tool", "acme", "rows", "--output", "plain").checked().out.startswith("a")


def test_a_route_bounds_what_may_follow(run: CommandLine) -> None:
    out = run("tool", "--help").checked().out
    assert out.startswith("As acmetool\n\nUsage: outrig tool COMMAND")
    assert "  acme  " in out
    assert "shim" not in out
    done = run("tool", "shim", "list")
    assert (done.exit_code, "outrig tool: unknown command 'shim'" in done.err) == (2, True)
    assert "Usage: outrig tool acme echo" in run("tool", "acme", "echo", "-h").checked().out


def test_a_groups_default_command_is_a_route(run: CommandLine) -> None:
    answer = run("acme", "admin", "x").checked().json()
    assert isinstance(answer, dict)
    assert answer["words"] == ["x"]
    answer = run("acme", "admin", "-v", "x").checked().json()
    assert isinstance(answer, dict)
    assert (answer["volume"], answer["words"]) == ("x", [])
    assert "NAME" in run("acme", "admin", "list").checked().out
    assert "  list  A listing\n" in run("acme", "admin", "--help").checked().out


def test_a_command_may_have_commands_below_it(run: CommandLine) -> None:
    answer = run("acme", "both", "x", "-n").checked().json()
    assert isinstance(answer, dict)
    assert answer["words"] == ["x"]
    assert "NAME" in run("acme", "both", "list").checked().out
    out = run("acme", "both", "--help").checked().out
    assert "Usage: outrig acme both [OPTIONS]" in out
    assert out.partition("Commands:\n")[2].startswith("  list  A listing\n")
    assert "Commands:" not in run("acme", "echo", "--help").checked().out


def test_a_group_has_options_of_its_own(run: CommandLine) -> None:
    out = run("acme", "--help").checked().out
    assert "  --output json|console" in out
    words = ("--debug", "--output", "json", "--at=x", "both", "-n")
    answer = run("acme", *words).checked().json()
    assert isinstance(answer, dict)
    assert answer["group"] == {"debug": "", "output": "json", "at": "x"}
    assert run("acme", "--output", "json", "rows").checked().out.startswith("[")
    assert run("acme", "--output=console", "rows").checked().out.startswith("NAME")
    assert run("acme", "--version").checked().out == run("--version").checked().out
    out = run("acme", "--output", "json", "rows", "--output", "plain").checked().out
    assert out.startswith("a")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--output", "xml", "rows"], "--output: 'xml' is not one of json, console"),
        (["--output"], "--output needs a value"),
        (["--debug=1", "rows"], "--debug takes no value, got '1'"),
        (["--other", "rows"], "outrig acme: unknown option --other"),
    ],
    ids=str,
)
def test_options_of_groups_that_are_wrong(words: list[str], message: str, run: CommandLine) -> None:
    done = run("acme", *words)
    assert done.exit_code == 2
    assert message in done.err


def test_help_shows_every_name_of_an_option(run: CommandLine) -> None:
    out = run("acme", "echo", "--help", env={"COLUMNS": "100"}).checked().out
    assert "  -t, --name, --client-token NAME" in out
    assert "  -m, -b, --mount, --bind, --mnt DIR" in out


def test_a_plugin_can_be_left_out(run: CommandLine) -> None:
    assert "acme" not in run("--without-plugin", "acme-cli", "--help").checked().out
    assert run("--without-plugin=acme-cli", "acme", "echo").exit_code == 2
    assert "acme" not in run("--help", env={"OUTRIG_PLUGINS": "off"}).checked().out
