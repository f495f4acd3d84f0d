"""A living EC2 for the tests: moto's server behind what moto lacks, and a machine per instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.plugins.living_cloud import LivingCloud, given, why_no_machines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class LivingEc2(LivingCloud):
    """Our end of it; actions are named as `RunInstances`."""

    module = "tests.plugins.aws.living"

    def calls(self, service: str = "ec2") -> list[str]:
        """Return the names of the calls that were made since the last time."""
        return [one["action"] for one in self.log() if one["service"] == service]

    def variables(self) -> dict[str, str]:
        """Return what leads a client here."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "OUTRIG_AWS_ADDRESS_SERVICE": f"{self.endpoint}/_living/address",
            "OUTRIG_AWS_CONFIG_FILE": self.config,
            "OUTRIG_AWS_POLL_S": "0.1",
            "OUTRIG_AWS_READY_S": "60",
        }

    def client(self, region: str = "us-east-1") -> Any:
        """Return a client of EC2, to look from outside."""
        import boto3

        return boto3.client(
            "ec2",
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def left(self, region: str = "us-east-1") -> list[str]:
        """Return what there is in the account that costs, or that we made."""
        ec2 = self.client(region)
        states = ["pending", "running", "stopping", "stopped", "shutting-down"]
        asked = [{"Name": "instance-state-name", "Values": states}]
        pages = ec2.get_paginator("describe_instances").paginate(Filters=asked)
        found = [
            f"{one['InstanceId']} {one['State']['Name']}"
            for page in pages
            for group in page["Reservations"]
            for one in group["Instances"]
        ]
        groups = ec2.describe_security_groups()["SecurityGroups"]
        found += [one["GroupId"] for one in groups if one["GroupName"] != "default"]
        found += [one["KeyName"] for one in ec2.describe_key_pairs()["KeyPairs"]]
        found += [one["VolumeId"] for one in ec2.describe_volumes()["Volumes"]]
        found += [one["AllocationId"] for one in ec2.describe_addresses()["Addresses"]]
        groups = ec2.describe_placement_groups()["PlacementGroups"]
        found += [one["GroupName"] for one in groups]
        requests = ec2.describe_spot_instance_requests()["SpotInstanceRequests"]
        open_ones = [one for one in requests if one["State"] in ("open", "active")]
        found += [one["SpotInstanceRequestId"] for one in open_ones]
        return found


@pytest.fixture(scope="session")
def machines_of_all() -> Iterator[LivingEc2]:
    """The account of tests that use machines."""
    if why := why_no_machines():
        pytest.skip(why)
    living = LivingEc2(machines=True, period_s=0.05)
    yield living
    living.close()


@pytest.fixture(scope="session")
def account_of_all() -> Iterator[LivingEc2]:
    """The account of tests that need no machines."""
    living = LivingEc2(machines=False, period_s=0.01)
    yield living
    living.close()


@pytest.fixture
def ec2(
    machines_of_all: LivingEc2, away_from_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LivingEc2]:
    """An empty account in which every instance is a machine."""
    yield from given(machines_of_all, monkeypatch)


@pytest.fixture
def account(
    account_of_all: LivingEc2, away_from_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LivingEc2]:
    """An empty account in which instances are only records."""
    yield from given(account_of_all, monkeypatch)
