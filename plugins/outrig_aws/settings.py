"""The settings of the provider `aws`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from outrig.api import setting
from outrig.cloud.settings import CloudSettings


@dataclass(frozen=True, kw_only=True)
class AwsSettings(CloudSettings):
    """Where instances are made, of what kind, and how they are reached."""

    short_flags: ClassVar[tuple[str, ...]] = (
        "region",
        "zone",
        "instance_type",
        "spot",
        "spot_fallback",
        "image",
        "disk",
        "max_price",
        "budget",
        "subnet",
        "security_group",
        "instance_profile",
        "key",
    )

    instance_type: tuple[str, ...] = setting(
        (), help="instance types, in the order to try; without any the smallest that fit"
    )
    profile: str | None = setting(None, help="profile of the AWS configuration")
    image: str | None = setting(
        None, help="AMI id, SSM parameter (/…) or name pattern; without one the current Ubuntu LTS"
    )
    subnet: tuple[str, ...] = setting((), help="subnets; without any the default ones")
    security_group: tuple[str, ...] = setting(
        (), help="security groups; without any one is made that lets only you in"
    )
    instance_profile: str | None = setting(None, help="instance profile (name or ARN) for nodes")
    key: str | None = setting(None, help="EC2 key pair to authorise too")
    node_config: str | None = setting(
        None, help="more fields of RunInstances, as JSON or as in a Ray cluster file"
    )
