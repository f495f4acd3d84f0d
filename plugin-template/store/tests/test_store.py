"""The store keeps Outrig's contract, and does what is its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from acme_cloud.store import AcmeSettings, AcmeStore

from outrig.errors import ConfigError, StoreError
from outrig.testing.stores import StoreContract

if TYPE_CHECKING:
    from pathlib import Path


class TestAcmeStore(StoreContract):
    """The whole contract of stores."""

    @pytest.fixture
    def store(self, outrig_home: Path, tmp_path: Path) -> AcmeStore:
        return AcmeStore(f"acme://{tmp_path}/snapshots.db", AcmeSettings())


def test_a_url_names_a_file() -> None:
    with pytest.raises(ConfigError, match="names no file"):
        AcmeStore("acme://", AcmeSettings())


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database" * 100)
    with pytest.raises(StoreError, match="file is not a database"):
        AcmeStore(f"acme://{tmp_path}/notes.txt", AcmeSettings()).get("packs/one")


def test_a_snapshot_there_and_back(run, project, tmp_path: Path) -> None:
    root = project({"outrig.yaml": {"name": "demo", "commands": []}, "a.txt": "as it was\n"})
    store = ("--store", f"acme://{tmp_path}/snapshots.db")
    run("snapshot", "create", "--name", "v1", *store).checked()
    (root / "a.txt").write_text("changed\n")
    run("snapshot", "restore", "v1", str(tmp_path / "back"), *store).checked()
    assert (tmp_path / "back" / "a.txt").read_text() == "as it was\n"
