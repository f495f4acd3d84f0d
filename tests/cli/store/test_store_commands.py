"""Naming stores, and keeping snapshots in them, as a user types it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker


@pytest.fixture
def far(tmp_path: Path, run: CommandLine) -> str:
    """A store called `far`, in another directory."""
    run("store", "add", "far", str(tmp_path / "far away")).checked()
    return "far"


@pytest.fixture
def demo(project: ProjectMaker) -> Path:
    """A small project."""
    return project({"outrig.yaml": {"name": "demo"}, "train.py": "print(1)\n"})


def test_a_store_gets_a_name_and_loses_it(run: CommandLine, far: str, tmp_path: Path) -> None:
    listed = json.loads(run("store", "list", "--output", "json").checked().out)
    assert [(one["name"], one["used"]) for one in listed] == [(None, True), ("far", False)]
    assert listed[1]["url"] == f"file://{tmp_path}/far away"
    refused = run("store", "remove", far)
    assert (refused.exit_code, "give --yes" in refused.err) == (2, True)
    assert f"{tmp_path}/far away stays" in run("store", "remove", far, "--yes").checked().err
    assert [one["name"] for one in json.loads(run("store", "list", "--output", "json").out)] == [
        None
    ]


def test_a_name_is_taken_once_and_must_be_one(run: CommandLine, far: str) -> None:
    assert run("store", "add", far, "/elsewhere").exit_code == 2
    wrong = run("store", "add", "a.b", "/elsewhere")
    assert wrong.exit_code == 2
    assert wrong.err.startswith('outrig: error: "a.b" cannot be a store\'s name')


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["snapshot", "list", "--store", "fra"], 4, 'did you mean "far"?'),
        (["store", "remove", "nope", "-y"], 4, 'there is no store "nope"'),
        (["store", "add", "x", "s4://bucket"], 8, 'no store named "s4" is installed'),
        (["store", "add", "x", ""], 2, "no store was named"),
        (["snapshot", "list", "--store", ""], 2, "no store was named"),
        (["store", "add", "x", "s3://bucket/a b"], 3, "has a prefix of other letters"),
        (["store", "add", "x", "s3://"], 3, "names no bucket"),
        (["store", "add", "x", "s3://b", "--s3-part-mib", "2"], 3, "no less than 5"),
        (["store", "add", "x", "s3://b", "--s3-part-mib", "many"], 2, "a whole number"),
    ],
)
def test_what_is_wrong_is_one_line(
    run: CommandLine, far: str, words: list[str], code: int, says: str
) -> None:
    result = run(*words)
    assert result.exit_code == code
    assert says in result.err
    assert "Traceback" not in result.err


def test_a_default_store_that_is_gone_is_told_by_doctor(run: CommandLine, far: str) -> None:
    run("config", "set", "store", far).checked()
    run("store", "remove", far, "--yes").checked()
    listed = run("snapshot", "list")
    assert (listed.exit_code, 'there is no store "far"' in listed.err) == (4, True)
    checked = run("doctor", "--output", "csv")
    assert checked.exit_code == 1
    assert 'there is no store ""far""' in checked.out


def test_a_configuration_of_stores_that_is_wrong_says_where(
    run: CommandLine, outrig_home: Path
) -> None:
    config = outrig_home / "outrig/config/config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("known_stores:\n  a: {endpoint: x}\n")
    result = run("store", "list")
    assert (result.exit_code, "known_stores.a needs a url" in result.err) == (3, True)
    config.write_text("known_stores:\n  a: {url: s3://bucket, nonsense: 1}\n")
    assert "nonsense" in run("snapshot", "list", "--store", "a").err
    assert run("config", "show").checked().err == ""


def test_a_path_with_dots_is_one_place(run: CommandLine, tmp_path: Path) -> None:
    run("store", "add", "near", "../a b/../stores", cwd=tmp_path / "elsewhere").checked()
    (row,) = [
        one for one in json.loads(run("store", "list", "--output", "json").out) if one["name"]
    ]
    assert row["url"] == f"file://{tmp_path}/stores"


def test_settings_stay_with_the_store_and_secrets_are_hidden(run: CommandLine) -> None:
    words = ["--s3-endpoint", "http://127.0.0.1:9", "--s3-secret-key", "very-secret"]
    run("store", "add", "lab", "s3://snaps/x", *words, "--s3-part-mib", "6", "--default").checked()
    shown = run("store", "show", "--settings").checked().out
    assert "http://127.0.0.1:9" in shown
    assert "part_mib:         6" in shown
    assert "very-secret" not in shown
    settings = json.loads(run("store", "show", "lab", "--settings", "--json").checked().out)
    assert settings["settings"]["secret_key"] == "***"
    assert "* lab" in " ".join(run("store", "list").checked().out.split())


def test_a_snapshot_goes_to_a_store_and_comes_back(
    run: CommandLine, demo: Path, far: str, tmp_path: Path
) -> None:
    run("snapshot", "create", "--name", "v1").checked()
    assert "pushed v1" in run("snapshot", "push", "v1", far).checked().err
    assert "it was there already" in run("snapshot", "push", "v1", far).checked().err
    listed = json.loads(run("snapshot", "list", "--store", far, "--output", "json").checked().out)
    mine = json.loads(run("snapshot", "list", "--output", "json").checked().out)
    assert listed == mine
    run("snapshot", "delete", "v1", "-y").checked()
    assert run("snapshot", "show", "v1").exit_code == 4
    assert "pulled v1" in run("snapshot", "pull", "v1", far).checked().err
    assert json.loads(run("snapshot", "list", "--output", "json").checked().out) == mine
    run("snapshot", "check").checked()
    run("snapshot", "restore", "v1", str(tmp_path / "back")).checked()
    assert (tmp_path / "back/train.py").read_text() == "print(1)\n"


def test_another_computer_gets_the_same_digest_in_its_own_project(
    run: CommandLine, demo: Path, far: str, project: ProjectMaker, tmp_path: Path
) -> None:
    run("snapshot", "create", "--name", "v1", "--store", far).checked()
    (one,) = json.loads(run("snapshot", "list", "--store", far, "--output", "json").checked().out)
    project({"outrig.yaml": {"name": "demo"}}, name="clone")
    other = {"OUTRIG_HOME": str(tmp_path / "other home")}
    store = f"file://{tmp_path}/far away"
    run("snapshot", "pull", "v1", store, env=other).checked()
    (pulled,) = json.loads(run("snapshot", "list", "--output", "json", env=other).checked().out)
    assert (pulled["id"], pulled["digest"]) == (one["id"], one["digest"])
    assert run("snapshot", "cat", "v1", "train.py", env=other).checked().out == "print(1)\n"
    again = run("snapshot", "create", "-n", "v2", "--store", store, env=other).checked()
    assert again.out == "v2\n"


def test_a_name_that_is_nowhere_says_where_was_looked(
    run: CommandLine, demo: Path, far: str
) -> None:
    result = run("snapshot", "pull", "v9", far)
    assert result.exit_code == 4
    assert "No snapshots found with name v9 in far" in result.err
    assert "--all-projects --store far" in result.err


def test_the_projects_store_is_used_by_all_commands(
    run: CommandLine, project: ProjectMaker, far: str
) -> None:
    project({"outrig.yaml": {"name": "demo", "store": far}, "a": "x"})
    run("snapshot", "create", "--name", "v1").checked()
    assert run("snapshot", "list", "--output", "plain").checked().out.startswith("v1")
    assert "* far" in " ".join(run("store", "list").checked().out.split())
    run("snapshot", "show", "v1").checked()
    assert json.loads(run("store", "show", "--json").checked().out)["snapshots"] == 1
    elsewhere = run("snapshot", "list", "--all-projects", cwd=project.root)
    assert (elsewhere.out, elsewhere.err) == ("", "no snapshots\n")


def test_the_same_store_is_no_other(run: CommandLine, demo: Path, far: str) -> None:
    run("snapshot", "create", "--name", "v1", "--store", far).checked()
    result = run("snapshot", "push", "v1", far, "--store", far)
    assert result.exit_code == 2
    assert "v1 is in far already" in result.err


def test_reading_commands_take_a_store(
    run: CommandLine, demo: Path, far: str, tmp_path: Path
) -> None:
    for name in ("v1", "v2"):
        (demo / "train.py").write_text(f"print({name!r})\n")
        run("snapshot", "create", "--name", name, "--store", far).checked()
    store = ("--store", far)
    assert "train.py" in run("snapshot", "ls", "v1", *store).checked().out
    assert run("snapshot", "cat", "v1", "train.py", *store).checked().out == "print('v1')\n"
    assert "changed" in run("snapshot", "diff", "v1", "v2", *store).checked().out
    assert "no damage" in run("snapshot", "check", *store).checked().err
    run("snapshot", "restore", "v2", str(tmp_path / "back"), *store).checked()
    run("snapshot", "delete", "v1", *store).checked()
    assert run("snapshot", "list", *store, "--output", "plain").out.startswith("v2")
