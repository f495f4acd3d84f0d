"""The provider `local` keeps the contract, and says what is its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from outrig.errors import CapacityError
from outrig.model.node import NodeQuery, ProvisionRequest
from outrig.testing.memory import MemoryContext
from outrig.testing.providers import ProviderContract
from outrig_local.provider import LocalProvider, LocalSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[LocalProvider]:
    local = LocalProvider(LocalSettings(root=str(tmp_path / "node")))
    yield local
    local.close()


class TestLocalProvider(ProviderContract):
    """The whole contract, on this computer."""


def test_it_has_one_node_only(provider: LocalProvider) -> None:
    request = ProvisionRequest(session_id="s", session_name="s", token="t", count=2)
    with pytest.raises(CapacityError, match="has 1 node, 2 are asked for"):
        provider.provision(request, MemoryContext())


def test_doctor_is_told_what_there_is(provider: LocalProvider) -> None:
    found = {what: text for what, _, text in provider.check()}
    assert found["node program"].endswith("/node (0 sessions)")
    assert found["slots"].startswith(f"{len(os.sched_getaffinity(0))} cores")
    assert found["limits"]
    assert found["keeper"] == "no trouble noted"


def test_the_node_root_is_private_and_below_the_data_directory(away_from_home: Path) -> None:
    provider = LocalProvider(LocalSettings())
    (node,) = provider.list_nodes(NodeQuery(), MemoryContext()).nodes
    assert provider.kept(node).sessions == ()
    provider.close()
    (root,) = (away_from_home / "outrig" / "data" / "node-1").glob("[!p]*")
    assert root.stat().st_mode & 0o777 == 0o700
