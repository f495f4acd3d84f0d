"""How a command's words are read: the command line as a user types it, through a real command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine

pytestmark = pytest.mark.usefixtures("acme")


def told(run: CommandLine, *words: str) -> dict[str, object]:
    """Run a command that prints what it understood."""
    answer = run("acme", *words).checked().json()
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--lr", "-1"], {"lr": "-1"}),
        (["--lr", "-"], {"lr": "-"}),
        (["--lr="], {"lr": ""}),
        (["--lr", ""], {"lr": ""}),
        (["--lr=-1"], {"lr": "-1"}),
        (["--lr=a=b"], {"lr": "a=b"}),
        (["--lr=--dry"], {"lr": "--dry"}),
        (["--lr", "-x"], {"lr": "-x"}),
        (["-l", "-1.5e3"], {"lr": "-1.5e3"}),
        (["-l3"], {"lr": "3"}),
        (["-l=3"], {"lr": "3"}),
        (["-nl3"], {"dry": True, "lr": "3"}),
        (["-nl", "3"], {"dry": True, "lr": "3"}),
        (["--lr", "a b $c 'q' \"d\" \n é 🎉"], {"lr": "a b $c 'q' \"d\" \n é 🎉"}),
        (["-c", "7"], {"count": 7}),
        (["-e", "A=1", "--env=B=2"], {"env": ["A=1", "B=2"]}),
        (["--when"], {"when": "now"}),
        (["--when=later"], {"when": "later"}),
        (["--when", "x"], {"when": "now", "words": ["x"]}),
        (["a", "-n", "b"], {"dry": True, "words": ["a", "b"]}),
        (["-5", "-1e3"], {"words": ["-5", "-1e3"]}),
        (["-", ""], {"words": ["-", ""]}),
        (["*", "?"], {"words": ["*", "?"]}),
        (["a", "--", "-n", "--", "--help"], {"words": ["a", "-n", "--", "--help"]}),
        (["--volume", "data"], {"volume": "data"}),
        (["-v", "data"], {"volume": "data"}),
        (["--name", "n"], {"name": "n"}),
        (["--client-token=n"], {"name": "n"}),
        (["-t", "n"], {"name": "n"}),
        (["-ma", "-b", "b", "--bind", "c", "--mnt=d", "--mount", "e"], {"mount": list("abcde")}),
        (["x", "--verbose", "-q", "-y"], {"verbosity": 1, "quiet": True, "yes": True}),
    ],
    ids=str,
)
def test_words_are_read_as_getopt_reads_them(
    words: list[str], expected: dict[str, object], run: CommandLine
) -> None:
    answer = told(run, "echo", *words)
    assert {name: answer.get(name) for name in expected} == expected
    given = {"lr", "count", "env", "when", "dry", "volume", "colour", "name", "mount"}
    assert given & answer.keys() == given & expected.keys()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--lr"], "--lr needs a value"),
        (["--lr", "--dry"], "--lr needs a value, but --dry follows"),
        (["-l", "-n"], "-l needs a value, but -n follows"),
        (["--count", "x"], "--count: 'x' is not a whole number"),
        (["--colour", "blue"], "--colour: 'blue' is not one of red, green, odd one"),
        (["--dry=1"], "--dry takes no value"),
        (["--couint", "1"], "unknown option --couint"),
        (["-nz"], "unknown option -nz"),
    ],
    ids=str,
)
def test_wrong_words_are_one_line_and_exit_2(
    words: list[str], message: str, run: CommandLine
) -> None:
    done = run("acme", "echo", *words)
    assert done.exit_code == 2
    assert done.out == ""
    first, *rest = done.err.splitlines()
    assert first.startswith("outrig: error: acme echo: ")
    assert message in first
    assert all(line.startswith("outrig: hint: ") for line in rest)


def test_an_unknown_option_names_the_nearest(run: CommandLine) -> None:
    assert "did you mean --count?" in run("acme", "echo", "--couint", "1").err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["box", "ls", "-la"], ["ls", "-la"]),
        (["box", "ls", "--help"], ["ls", "--help"]),
        (["box", "ls", "--", "-x"], ["ls", "--", "-x"]),
        (["box", "--", "ls", "-la"], ["ls", "-la"]),
        (["box", "-L", "8080:x", "-n"], ["-L", "8080:x", "-n"]),
        (["box", "-n", "ls", "-n"], ["ls", "-n"]),
        (["box", "git", "checkout", "--", "f"], ["git", "checkout", "--", "f"]),
    ],
    ids=str,
)
def test_words_from_the_first_foreign_one_on_pass_verbatim(
    words: list[str], expected: list[str], run: CommandLine
) -> None:
    assert told(run, "exec", *words)["words"] == expected


def test_options_before_the_first_foreign_word_are_ours(run: CommandLine) -> None:
    answer = told(run, "exec", "-n", "--lr", "1", "box", "ls", "--lr", "2")
    assert (answer["dry"], answer["lr"], answer["words"]) == (True, "1", ["ls", "--lr", "2"])


def test_unknown_options_are_words_and_ours_count_anywhere(run: CommandLine) -> None:
    answer = told(run, "shell", "echo", "-xa", "--foo=1", "--lr", "3", "x", "--", "--lr", "4")
    assert answer["words"] == ["echo", "-xa", "--foo=1", "x", "--lr", "4"]
    assert answer["lr"] == "3"


def test_what_a_command_declares_later_is_an_option_too(run: CommandLine) -> None:
    done = run("acme", "start", "--name", "x", "train", "--rate", "-2.5").checked()
    assert done.out == "train -2.5\n"
    help_text = run("acme", "start", "train", "--help").checked().out
    assert "--rate RATE" in help_text
    assert "default: 0.1" in help_text


def test_help_comes_even_when_words_are_wrong(run: CommandLine) -> None:
    for words in (["--bogus", "--help"], ["-h"], ["--count", "x", "-h"]):
        assert "Usage: outrig acme echo" in run("acme", "echo", *words).checked().out
    done = run("acme", "start", "nosuch", "--help").checked()
    assert "Usage: outrig acme start" in done.out
    assert "no command 'nosuch'" in done.err


def test_help_among_verbatim_words_is_not_ours_even_where_options_are_wrong(
    run: CommandLine,
) -> None:
    done = run("acme", "start", "nosuch", "--", "--help")
    assert (done.exit_code, done.out) == (125, "")
    assert done.err.splitlines()[0] == "outrig: error: no command 'nosuch'"


def test_a_missing_argument_is_named(run: CommandLine) -> None:
    done = run("acme", "exec")
    assert done.exit_code == 125
    assert "acme exec: NAME is missing" in done.err


def test_too_many_arguments_are_refused(run: CommandLine) -> None:
    done = run("acme", "fail", "auth", "more")
    assert done.exit_code == 2
    assert "unexpected argument 'more'" in done.err


def test_usage_errors_of_what_runs_commands_exit_125(run: CommandLine) -> None:
    assert run("acme", "start", "--bogus").exit_code == 125
    assert run("acme", "start", "nosuch").exit_code == 125


def test_choices_are_json_safe(run: CommandLine) -> None:
    assert json.dumps(told(run, "echo", "--colour", "odd one")["colour"]) == '"odd one"'
