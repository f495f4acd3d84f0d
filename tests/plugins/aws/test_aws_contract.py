"""The provider `aws` keeps the contract, with real machines, and whatever goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.testing.faulty_provider import ProviderFaults
from outrig.testing.providers import ProviderContract
from outrig_aws.provider import AwsProvider
from outrig_aws.settings import AwsSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.plugins.aws.conftest import LivingEc2

pytestmark = pytest.mark.timeout(300)  # machines boot, on computers that may be slow


class Ec2Faults(ProviderFaults):
    """What EC2 can do wrong."""

    def __init__(self, ec2: LivingEc2) -> None:
        self._ec2 = ec2

    def no_capacity(self) -> None:
        self._ec2.rule("RunInstances", code="InsufficientInstanceCapacity", http=500)

    def throttle(self, calls: int) -> None:
        self._ec2.rule(code="RequestLimitExceeded", http=503, times=calls)

    def refuse_credentials(self) -> None:
        self._ec2.rule(service=None, code="AuthFailure", http=401)

    def accept_credentials(self) -> None:
        self._ec2.mend()

    def list_late(self) -> None:
        self._ec2.ask("late", True)

    def settle(self) -> None:
        self._ec2.ask("late", False)


class TestOnEc2(ProviderContract):
    """The whole contract."""

    @pytest.fixture
    def faults(self, ec2: LivingEc2) -> ProviderFaults:
        return Ec2Faults(ec2)

    @pytest.fixture
    def provider(self, ec2: LivingEc2) -> Iterator[AwsProvider]:
        settings = AwsSettings(
            config_file=ec2.config,
            poll_s=0.1,
            ready_s=60.0,
            address_service=f"{ec2.endpoint}/_living/address",
            instance_type=("m6i.large",),
            zone=("us-east-1a",),
        )
        aws = AwsProvider(settings)
        yield aws
        aws.close()
