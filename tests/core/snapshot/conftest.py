"""A store in memory, and a library of snapshots in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.testing.stores import Library, MemoryStore

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store() -> MemoryStore:
    """A store that tests can break and look into."""
    return MemoryStore()


@pytest.fixture
def library(store: MemoryStore, tmp_path: Path) -> Library:
    """A library over it, and an empty directory to snapshot."""
    root = tmp_path / "tree"
    root.mkdir()
    return Library(store, root)
