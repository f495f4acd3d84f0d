"""`outrig acme deploy`, and what Outrig asks of every command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.testing.commands import CommandSetContract

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"outrig.yaml": {"name": "shop", "commands": []}, "shop.py": "print('open')\n"}


class TestAcmeCommands(CommandSetContract):
    """The contract of command sets."""

    @pytest.fixture
    def distribution(self) -> str:
        return "acme-cloud"


def test_deploy_writes_the_project_and_prints_the_snapshot(run, project, tmp_path: Path) -> None:
    root = project(FILES)
    target = str(tmp_path / "srv")
    assert run("acme", "deploy", target, "--name", "v1").checked().out == "v1\n"
    assert (tmp_path / "srv/shop.py").read_text() == "print('open')\n"
    (root / "shop.py").write_text("print('closed')\n")
    run("acme", "deploy", target).checked()
    assert (tmp_path / "srv/shop.py").read_text() == "print('closed')\n"
    assert "v1" in run("snapshot", "list").checked().out


def test_a_dry_run_does_nothing(run, project, tmp_path: Path) -> None:
    project(FILES)
    done = run("acme", "deploy", str(tmp_path / "srv"), "--dry-run").checked()
    assert done.err.startswith("would deploy 2 files of shop to ")
    assert not (tmp_path / "srv").exists()


def test_outside_of_a_project_it_is_one_line(run) -> None:
    done = run("acme", "deploy", "srv")
    assert done.exit_code == 3
    assert "there is no project" in done.err
