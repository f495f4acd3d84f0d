"""The provider in memory keeps to the contract of providers, its faults included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.errors import CapacityError, ConfigError, RemoteError
from outrig.model.node import Node, ProvisionRequest
from outrig.settings import Settings
from outrig.testing.cloud import MemoryCloud, MemoryFaults, MemoryProvider
from outrig.testing.memory import MemoryContext
from outrig.testing.providers import ProviderContract

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

THREE = ProvisionRequest(session_id="s", session_name="s", token="t", count=3)


@pytest.fixture
def cloud(tmp_path: Path) -> MemoryCloud:
    return MemoryCloud(tmp_path / "cloud")


@pytest.fixture
def provider(cloud: MemoryCloud) -> Iterator[MemoryProvider]:
    memory = MemoryProvider(Settings(), cloud)
    yield memory
    memory.close()


class TestMemoryProvider(ProviderContract):
    """The contract."""

    @pytest.fixture
    def faults(self, cloud: MemoryCloud) -> MemoryFaults:
        return MemoryFaults(cloud)


def test_when_not_all_can_be_had_none_is_kept(cloud: MemoryCloud, provider: MemoryProvider) -> None:
    cloud.quota = 2
    with pytest.raises(CapacityError, match="the quota is 2 machines"):
        provider.provision(THREE, MemoryContext())
    assert cloud.machines == {}


def test_throttling_without_end_is_an_error(cloud: MemoryCloud, provider: MemoryProvider) -> None:
    cloud.throttled = 1000
    with pytest.raises(RemoteError, match="too many calls"):
        provider.provision(THREE, MemoryContext())


def test_a_cloud_without_a_directory_runs_nothing() -> None:
    with pytest.raises(ConfigError, match="runs nothing"):
        MemoryProvider(Settings()).endpoint(Node(id="n", provider="memory"))
