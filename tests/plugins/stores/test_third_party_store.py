"""The example of a third party's store keeps to the contract, and to the length it promises."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.testing.stores import StoreContract

if TYPE_CHECKING:
    from outrig.interfaces import ObjectStore
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import PluginMaker, ProjectMaker

EXAMPLE = Path(__file__).resolve().parents[3] / "examples/sqlite-store"
MODULE = "outrig_sqlite_store"


class TestSqliteStore(StoreContract):
    """The whole promise, for about 80 lines."""

    @pytest.fixture
    def store(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
        monkeypatch.syspath_prepend(str(EXAMPLE))
        module = importlib.import_module(MODULE)
        monkeypatch.delitem(sys.modules, MODULE)
        made: ObjectStore = module.SqliteStore(
            f"sqlite://{tmp_path}/objects.db", module.SqliteSettings()
        )
        return made


def test_it_is_about_a_hundred_lines() -> None:
    assert len((EXAMPLE / f"{MODULE}.py").read_text().splitlines()) < 100


def test_installed_it_is_one_more_kind_of_url(
    run: CommandLine, project: ProjectMaker, plugins: PluginMaker, tmp_path: Path
) -> None:
    plugins(
        "outrig-sqlite-store",
        entry_points={"outrig.stores": {"sqlite": f"{MODULE}:SqliteStore"}},
        files={f"{MODULE}.py": (EXAMPLE / f"{MODULE}.py").read_text()},
    )
    project({"outrig.yaml": {"name": "demo"}, "a": "x"})
    url = f"sqlite://{tmp_path}/objects.db"
    run("store", "add", "own", url, "--sqlite-busy-s", "5", "--default").checked()
    run("snapshot", "create", "--name", "v1").checked()
    assert run("snapshot", "cat", "v1", "a").checked().out == "x"
    assert "problem" not in run("doctor", "--store", "own").checked().out
