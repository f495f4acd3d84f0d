"""The provider `gcp` keeps the contract, with real machines, and whatever goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.testing.faulty_provider import ProviderFaults
from outrig.testing.providers import ProviderContract
from outrig_gcp.provider import GcpProvider
from outrig_gcp.settings import GcpSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.plugins.gcp.conftest import LivingGce

pytestmark = pytest.mark.timeout(300)  # machines boot, on computers that may be slow


class GceFaults(ProviderFaults):
    """What Compute Engine can do wrong."""

    def __init__(self, gce: LivingGce) -> None:
        self._gce = gce

    def no_capacity(self) -> None:
        self._gce.ask("capacity", {"us-central1-a": 0})

    def throttle(self, calls: int) -> None:
        self._gce.rule(code="rateLimitExceeded", http=403, times=calls)

    def refuse_credentials(self) -> None:
        self._gce.ask("credentials", False)

    def accept_credentials(self) -> None:
        self._gce.ask("credentials", True)

    def list_late(self) -> None:
        self._gce.ask("late", True)

    def settle(self) -> None:
        self._gce.ask("late", False)


class TestOnGce(ProviderContract):
    """The whole contract."""

    @pytest.fixture
    def faults(self, gce: LivingGce) -> ProviderFaults:
        return GceFaults(gce)

    @pytest.fixture
    def provider(self, gce: LivingGce) -> Iterator[GcpProvider]:
        settings = GcpSettings(
            config_file=gce.config,
            poll_s=0.1,
            ready_s=60.0,
            address_service=f"{gce.endpoint}/_living/address",
            endpoint=gce.endpoint,
            machine_type=("e2-medium",),
            zone=("us-central1-a",),
        )
        gcp = GcpProvider(settings)
        yield gcp
        gcp.close()
