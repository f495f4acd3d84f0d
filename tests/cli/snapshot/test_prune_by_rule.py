"""`outrig snapshot prune` with a rule: which snapshots stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from outrig.model.snapshot import SnapshotInfo
from outrig.snapshot.retention import Retention, superfluous

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker

NOW = datetime(2026, 1, 31, tzinfo=UTC)


def _made(days_ago: float, project: str = "p") -> SnapshotInfo:
    return SnapshotInfo(
        id=f"{project}-{days_ago}",
        name="n",
        digest="",
        project_id=project,
        created_at=NOW - timedelta(days=days_ago),
    )


@pytest.mark.parametrize(
    ("rule", "gone"),
    [
        (Retention(), []),
        (Retention(last=2), ["p-20", "p-30"]),
        (Retention(within_s=5 * 86400.0), ["p-20", "p-30", "q-25"]),
        (Retention(last=3, within_s=86400.0), ["p-30"]),
        (Retention(last=0), ["p-1", "p-2", "p-20", "p-30", "q-25"]),
        (Retention(within_s=0.0), ["p-1", "p-2", "p-20", "p-30", "q-25"]),
    ],
)
def test_a_rule_keeps_the_newest_of_each_project_and_the_young(
    rule: Retention, gone: list[str]
) -> None:
    made = [_made(20), _made(1), _made(30), _made(25, "q"), _made(2)]
    assert sorted(one.id for one in superfluous(made, rule, NOW, ())) == gone


def test_what_is_used_stays() -> None:
    made = [_made(1), _made(2)]
    assert [one.id for one in superfluous(made, Retention(last=0), NOW, {"p-1"})] == ["p-2"]


@pytest.fixture
def three(project: ProjectMaker, run: CommandLine) -> Path:
    """A project with three snapshots."""
    directory = project({"outrig.yaml": {"name": "demo"}})
    for number in range(3):
        (directory / "a").write_text(str(number))
        run("snapshot", "create", "--name", f"v{number}").checked()
    return directory


def test_prune_deletes_what_the_rule_does_not_keep(run: CommandLine, three: Path) -> None:
    words = ("snapshot", "prune", "--keep-last", "1")
    shown = run(*words, "--dry-run").checked()
    assert [one.split()[0] for one in shown.out.splitlines()] == [
        "Snapshot(name=v1",
        "Snapshot(name=v0",
    ]
    refused = run(*words)
    assert (refused.exit_code, "give --yes" in refused.err) == (2, True)
    assert run(*words, "--yes").checked().out.startswith("deleted 2 snapshots\n")
    assert run("snapshot", "list", "--format", "name", "--output", "plain").out == "v2\n"
    run("snapshot", "check").checked()


def test_prune_keeps_what_is_young_and_other_projects(
    run: CommandLine, three: Path, project: ProjectMaker
) -> None:
    run("snapshot", "prune", "--keep-within", "1h", "--yes").checked()
    project({"outrig.yaml": {"name": "other"}}, name="other")
    run("snapshot", "create", "--name", "mine").checked()
    run("snapshot", "prune", "--keep-last", "0", "--yes").checked()
    left = run("snapshot", "list", "--all-projects", "--format", "name", "--output", "plain").out
    assert sorted(left.split()) == ["v0", "v1", "v2"]


@pytest.mark.parametrize("words", [["--keep-last", "-1"], ["--keep-within", "soon"]])
def test_a_rule_that_makes_no_sense_is_refused(
    run: CommandLine, three: Path, words: list[str]
) -> None:
    assert run("snapshot", "prune", *words, "--yes").exit_code == 2


def test_a_snapshot_that_a_session_rests_on_is_kept(run: CommandLine, three: Path) -> None:
    run("session", "start", "--name", "s").checked()
    run("snapshot", "create", "--name", "newer").checked()
    run("snapshot", "prune", "--keep-last", "1", "--yes").checked()
    left = run("snapshot", "list", "--format", "name", "--output", "plain").out.split()
    assert len(left) == 2
    assert left[0] == "newer"
    run("session", "stop", "s").checked()


def test_a_snapshot_whose_label_is_damaged_can_be_deleted(
    run: CommandLine, three: Path, outrig_home: Path
) -> None:
    label = max((outrig_home / "outrig").rglob("snapshots/*"), key=lambda one: one.name)
    label.write_bytes(b"torn")
    (outrig_home / "outrig/cache/stores").joinpath("gone").parent.rename(outrig_home / "old")
    assert "damage" in run("snapshot", "prune", "--yes").err
    run("snapshot", "delete", label.name, "--yes").checked()
    run("snapshot", "prune", "--yes").checked()
    run("snapshot", "check").checked()
