"""From code to results on this computer, as a user types it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker

AWKWARD = [
    "-1",
    "-",
    "",
    "two words",
    "it's",
    'say "hi"',
    "$HOME",
    "`id`",
    "a\nb",
    "🚀",
    "a;b",
    "\\",
    "--x",
]
SHOW = "import json, sys; print(json.dumps({'argv': sys.argv[1:]}))"


def test_a_command_runs_and_its_output_is_streamed(run: CommandLine, demo: Path) -> None:
    result = run("session", "start", "hello")
    assert result.exit_code == 0
    assert result.out == "hello\n"
    assert "oops" in result.err
    assert "[4/4]" not in result.out


def test_outputs_come_back_also_after_a_failure(run: CommandLine, demo: Path) -> None:
    result = run("session", "start", "write", "--code", "7")
    assert result.exit_code == 7
    assert (demo / "result.txt").read_text() == "fresh\n"


def test_the_exit_code_of_a_signal_is_128_and_its_number(run: CommandLine, demo: Path) -> None:
    assert run("session", "start", "die").exit_code == 137


def test_it_works_from_a_sub_directory(run: CommandLine, demo: Path) -> None:
    result = run("session", "start", "write", cwd=demo / "sub")
    assert result.exit_code == 0
    assert (demo / "result.txt").read_text() == "fresh\n"


@pytest.mark.parametrize("form", ["separate", "joined", "param"])
def test_values_arrive_exactly_as_typed(run: CommandLine, project: ProjectMaker, form: str) -> None:
    values = dict(enumerate(AWKWARD))
    parameters = [{"name": f"v{number}"} for number in values]
    words = " ".join(f"{{{{v{number}}}}}" for number in values)
    command = {"name": "show", "command": f"python3 show.py {words}", "params": parameters}
    project({"outrig.yaml": {"name": "p", "commands": [command]}, "show.py": SHOW})
    typed = {
        "separate": [word for n, value in values.items() for word in (f"--v{n}", value)],
        "joined": [f"--v{n}={value}" for n, value in values.items()],
        "param": [word for n, value in values.items() for word in ("--param", f"v{n}={value}")],
    }
    result = run("session", "start", "show", *typed[form])
    assert result.exit_code == 0, result.err
    assert json.loads(result.out)["argv"] == AWKWARD


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["need", "--lr", "1"], "who"),
        (["need", "--who", "n", "--lr", "fast"], "not a number"),
        (["show", "--b", "z"], "x, y"),
        (["trian"], 'command "trian" is not in this project'),
        (["show", "extra"], "one word too many"),
        (["show", "--zzz", "1"], "--zzz"),
        (["need", "--who", "*", "--lr", "1"], "choices"),
        (["--shell"], "--shell needs something to run"),
        (["show", "--param", "a"], "is not NAME=VALUE"),
    ],
)
def test_wrong_words_are_one_line_and_make_nothing(
    run: CommandLine, demo: Path, words: list[str], says: str
) -> None:
    result = run("session", "start", *words)
    assert result.exit_code == 125
    assert says in result.err
    assert "Traceback" not in result.err
    assert run("session", "list", "--all").err == "no sessions\n"


def test_no_project_says_so(run: CommandLine) -> None:
    result = run("session", "start", "hello")
    assert result.exit_code == 125
    assert "there is no project in" in result.err
    assert "outrig project create" in result.err


def test_a_shell_line_runs_as_it_is(run: CommandLine, demo: Path) -> None:
    result = run("session", "start", "--shell", "ls sub && echo $((1+1))")
    assert result.out == "inner.txt\n2\n"
    result = run("session", "start", "--shell", "echo", "-n", "a", "b", "--name", "named")
    assert result.out == "a b"
    assert "named" in run("session", "list").out


def test_starting_again_skips_what_is_done(run: CommandLine, demo: Path) -> None:
    run("session", "start", "--name", "again")
    result = run("session", "start", "hello", "--name", "again")
    assert result.out == "hello\n"
    assert result.err.count("the session is running") == 1
    assert result.err.count("the session has this snapshot") == 1
    (demo / "new.txt").write_text("new")
    result = run("session", "start", "--shell", "cat new.txt", "--name", "again")
    assert result.out == "new"
    assert len(run("session", "list", "--output", "json").records()) == 1


def test_without_a_name_each_start_is_a_session_of_its_own(run: CommandLine, demo: Path) -> None:
    for _ in range(3):
        assert run("session", "start", "hello").exit_code == 0
    names = {one["name"] for one in run("session", "list", "--output", "json").records()}
    assert names == {"demo", "demo-2", "demo-3"}


def test_a_wildcard_starts_one_session_for_each_choice(run: CommandLine, demo: Path) -> None:
    result = run("session", "start", "show", "--b", "*")
    assert result.exit_code == 0
    lines = sorted(result.out.splitlines())
    assert [line.split()[0] for line in lines] == ["[demo-b-x]", "[demo-b-y]"]
    names = {one["name"] for one in run("session", "list", "--output", "json").records()}
    assert names == {"demo-b-x", "demo-b-y"}


def test_a_dry_run_prints_the_plan_and_makes_nothing(run: CommandLine, demo: Path) -> None:
    result = run("session", "start", "hello", "--dry-run")
    assert result.exit_code == 0
    assert "session demo on provider local" in result.out
    assert "run: echo hello" in result.out
    assert run("session", "list", "--all").err == "no sessions\n"


def test_a_snapshot_brings_its_own_commands(run: CommandLine, demo: Path) -> None:
    assert run("snapshot", "create", "--name", "old", "-y").exit_code == 0
    text = (demo / "outrig.yaml").read_text()
    (demo / "outrig.yaml").write_text(text.replace("echo hello", "echo changed"))
    assert run("session", "start", "hello", "--snapshot-name", "old").out == "hello\n"
    assert run("session", "start", "hello").out == "changed\n"


def test_help_shows_the_parameters_of_the_command(run: CommandLine, demo: Path) -> None:
    result = run("session", "start", "show", "--help")
    assert result.exit_code == 0
    assert "--a VALUE" in result.out
    assert "one of x, y" in result.out
    broken = run("session", "start", "show", "--help", cwd=demo.parent)
    assert broken.exit_code == 0


def test_a_changed_output_is_never_overwritten(run: CommandLine, demo: Path) -> None:
    run("session", "start", "write", "--name", "s")
    run("session", "execute", "write", "--text", "second", "--name", "s")
    assert (demo / "result.txt").read_text() == "second\n"
    (demo / "result.txt").write_text("mine\n")
    result = run("session", "execute", "write", "--text", "third", "--name", "s")
    assert "was changed here" in result.err
    assert (demo / "result.txt").read_text() == "mine\n"
    assert (demo / "result.txt.from-s").read_text() == "third\n"


def test_a_project_path_may_hold_anything(run: CommandLine, demo: Path) -> None:
    moved = demo.rename(demo.parent / 'it\'s 🚀 "$HOME"\ttab\nline \udcff')
    result = run("session", "start", "write", cwd=moved)
    assert result.exit_code == 0, result.err
    assert (moved / "result.txt").read_text() == "fresh\n"


def test_an_output_that_the_snapshot_holds_is_replaced(run: CommandLine, demo: Path) -> None:
    (demo / "result.txt").write_text("from before\n")
    assert run("session", "start", "write").exit_code == 0
    assert (demo / "result.txt").read_text() == "fresh\n"


def test_a_command_of_another_cluster_is_refused(run: CommandLine, project: ProjectMaker) -> None:
    local = {"cluster_name": "x", "provider": {"type": "local"}}
    other = {"name": "far", "command": "echo far", "cluster": {"config": "other.yaml"}}
    project(
        {
            "outrig.yaml": {
                "name": "two",
                "cluster": {"config": "one.yaml"},
                "commands": [{"name": "near", "command": "echo near"}, other],
            },
            "one.yaml": local,
            "other.yaml": local,
        }
    )
    assert run("session", "start", "near", "--name", "s").out == "near\n"
    refused = run("session", "execute", "far", "--name", "s")
    assert refused.exit_code == 125
    assert 'runs on cluster other.yaml, session "s" is on one.yaml' in refused.err
    assert run("session", "start", "far", "--name", "t").out == "far\n"


def test_two_starts_at_once_with_one_name_share_the_session(run: CommandLine, demo: Path) -> None:
    words = ("session", "start", "hello", "--name", "one")
    both = [run.start(*words), run.start(*words)]
    results = [one.wait() for one in both]
    assert [one.exit_code for one in results] == [0, 0], [one.err for one in results]
    assert [one.out for one in results] == ["hello\n", "hello\n"]
    assert len(run("session", "list", "--all", "--output", "json").records()) == 1


def test_two_starts_at_once_without_a_name_get_two_sessions(run: CommandLine, demo: Path) -> None:
    both = [run.start("session", "start", "hello"), run.start("session", "start", "hello")]
    results = [one.wait() for one in both]
    assert [one.exit_code for one in results] == [0, 0], [one.err for one in results]
    assert len(run("session", "list", "--output", "json").records()) == 2
