"""The provider keeps Outrig's contract, and does what is its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from acme_cloud.provider import AcmeProvider, AcmeSettings

from outrig.api import ProvisionRequest
from outrig.errors import CapacityError
from outrig.testing.memory import MemoryContext
from outrig.testing.providers import ProviderContract

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROJECT = {
    "name": "demo",
    "compute": {"provider": "acme"},
    "commands": [{"name": "hello", "command": "echo hello from $OUTRIG_SESSION"}],
}


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[AcmeProvider]:
    made = AcmeProvider(AcmeSettings(directory=str(tmp_path / "nodes"), quota=2))
    yield made
    made.close()


class TestAcmeProvider(ProviderContract):
    """The whole contract of providers."""


def test_the_quota_holds(provider: AcmeProvider, tmp_path: Path) -> None:
    request = ProvisionRequest(session_id="s", session_name="s", token="t", count=3)
    with pytest.raises(CapacityError, match="0 of 2 nodes in use"):
        provider.provision(request, MemoryContext())
    assert not (tmp_path / "nodes").exists()


def test_a_session_from_start_to_stop(run, project, tmp_path: Path) -> None:
    project({"outrig.yaml": PROJECT})
    started = run("session", "start", "hello", "--acme-directory", str(tmp_path / "nodes"))
    assert started.checked().out.startswith("hello from ")
    assert len(list((tmp_path / "nodes").iterdir())) == 1
    run("session", "stop").checked()
    assert list((tmp_path / "nodes").iterdir()) == []
