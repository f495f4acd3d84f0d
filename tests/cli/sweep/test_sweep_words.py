"""The words of a sweep: what they mean, and one line for what they cannot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import PluginMaker, ProjectMaker

MINE = """
from outrig.api import Expander

class Mine(Expander):
    def expand_params(self, expression, parameter, limit, context):
        return ("3", "4")
"""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["train", "--lr", "foo:1,2"], "no expander is called"),
        (["train", "--lr", "linspce:1,2,3"], 'did you mean "linspace:"?'),
        (["train", "--lr", "range:5,1"], "has no value in it"),
        (["train", "--seed", "linspace:0,1,3"], "is not a whole number"),
        (["train", "--opt", "case:adam,rmsprop"], "is not one of adam, sgd"),
        (["train", "--lr", "case:1,2", "--zip", "lr,seed"], '"seed" does not vary'),
        (["train", "--lr", "case:1,2", "--exclude", "lr"], "is not NAME=VALUE"),
        (["train", "--lr", "case:1,2", "--limit", "0"], "is not at least 1"),
        (["train", "--lr", "case:1,2", "--max-parallel", "x"], "--max-parallel"),
        (["train", "@nowhere.csv"], "@nowhere.csv cannot be read"),
        (["train", "@trials.csv", "more"], '"more" is one word too many'),
        (["--max-parallel", "2"], "a sweep is of a command"),
        (["--shell", "true", "--retries", "2"], "a sweep is of a command"),
        (["nothing", "--retries", "2"], 'command "nothing" is not in this project'),
        (["back", "--retries", "2"], "runs in the background or in tmux"),
    ],
)
def test_wrong_words_are_one_line_and_record_nothing(
    run: CommandLine, project: ProjectMaker, words: list[str], says: str
) -> None:
    params = [
        {"name": "lr", "type": "float", "default": 0.1},
        {"name": "seed", "type": "int", "default": 0},
        {"name": "opt", "choices": ["adam", "sgd"], "default": "adam"},
    ]
    train = {"name": "train", "command": "echo {{lr}} {{seed}} {{opt}}", "params": params}
    back = {"name": "back", "command": "true", "background": True}
    project({"outrig.yaml": {"name": "p", "commands": [train, back]}, "trials.csv": "lr\n1\n"})
    result = run("session", "start", *words)
    assert result.exit_code == 125
    assert says in result.err
    assert "Traceback" not in result.err
    assert len(result.err.splitlines()) <= 2
    assert run("sweep", "list").err == "no sweeps\n"
    assert run("session", "list", "--all").err == "no sessions\n"


def test_a_table_of_trials(run: CommandLine, sweeps: Path) -> None:
    (sweeps / "trials.csv").write_text("lr,seed\n1,10\n2,20\n")
    shown = run("session", "start", "train", "@trials.csv", "--preview")
    assert shown.out.splitlines()[1:] == ["   0  1   10", "   1  2   20", "2 cases"]
    result = run("session", "start", "train", "@trials.csv", "--opt", "*", "--exclude", "seed=10")
    assert sorted(result.out.splitlines()) == [
        "[0 opt=adam lr=2 seed=20] lr 2 seed 20",
        "[1 opt=sgd lr=2 seed=20] lr 2 seed 20",
    ]


def test_values_arrive_as_they_are_and_labels_do_no_harm(
    run: CommandLine, project: ProjectMaker
) -> None:
    values = ["it's", "$HOME", "a b", "ünï 🚀", "\x1b[31mred", "--x"]
    command = {
        "name": "say",
        "command": "printf '%s\\n' {{text}}",
        "params": [{"name": "text"}],
    }
    project({"outrig.yaml": {"name": "p", "commands": [command]}})
    result = run("session", "start", "say", "--text", f"case:{','.join(values)}")
    assert result.exit_code == 0, result.err
    said = sorted(line.partition("] ")[2] for line in result.out.splitlines())
    assert said == sorted(values)
    assert "\x1b[31m" not in "".join(line.partition("] ")[0] for line in result.out.splitlines())
    assert "\x1b" not in run("sweep", "show").out


def test_help_names_the_expressions_that_are_installed(
    run: CommandLine, sweeps: Path, plugins: PluginMaker
) -> None:
    plugins(
        "mine",
        entry_points={"outrig.expanders": {"mine": "mine:Mine"}},
        files={"mine.py": MINE},
    )
    shown = " ".join(run("session", "start", "train", "--help").out.split())
    assert "installed here: case:…, file:…, linspace:…, log:…, mine:…, random:…" in shown
    result = run("session", "start", "train", "--lr", "mine:x", "--preview")
    assert result.out.splitlines()[1:] == ["   0  3", "   1  4", "2 cases"]


def test_a_cap_is_kept_also_while_cases_run_again(run: CommandLine, project: ProjectMaker) -> None:
    script = (
        'mkdir "$HOME/in-{{n}}"; ls -d "$HOME"/in-* | wc -l >> "$HOME/peaks"; sleep 0.05;'
        ' rmdir "$HOME/in-{{n}}"; test -e "$HOME/was-{{n}}" || { touch "$HOME/was-{{n}}"; exit 1; }'
    )
    command = {"name": "count", "command": script, "params": [{"name": "n", "type": "int"}]}
    project({"outrig.yaml": {"name": "p", "commands": [command]}})
    words = ("session", "start", "count", "--n", "range:12", "--max-parallel", "3", "--quiet")
    result = run(*words, "--retries", "1")
    assert result.exit_code == 0, result.err
    peaks = [int(line) for line in (Path.home() / "peaks").read_text().split()]
    assert len(peaks) == 24
    assert max(peaks) <= 3
