"""A local provider on a node root of its own, and a session on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.testing.providers import Held
from outrig_local.provider import LocalProvider, LocalSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The node root."""
    return tmp_path / "node"


@pytest.fixture
def provider(root: Path) -> Iterator[LocalProvider]:
    local = LocalProvider(LocalSettings(root=str(root)))
    yield local
    local.close()


@pytest.fixture
def held(provider: LocalProvider) -> Iterator[Held]:
    """A session with an empty work directory."""
    session = Held(provider)
    session.sync({})
    yield session
    session.end()
