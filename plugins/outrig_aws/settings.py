"""The settings of the provider `aws`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from outrig.api import Settings, setting


@dataclass(frozen=True, kw_only=True)
class AwsSettings(Settings):
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

    region: tuple[str, ...] = setting(
        (), help="regions, in the order to try; without any the profile's own"
    )
    zone: tuple[str, ...] = setting((), help="zones to try, in order; without any all of a region")
    instance_type: tuple[str, ...] = setting(
        (), help="instance types, in the order to try; without any the smallest that fit"
    )
    profile: str | None = setting(None, help="profile of the AWS configuration")
    spot: bool = setting(False, help="take spot instances, which may be taken back")
    spot_fallback: bool = setting(False, help="take on-demand where there is no spot capacity")
    image: str | None = setting(
        None, help="AMI id, SSM parameter (/…) or name pattern; without one the current Ubuntu LTS"
    )
    disk: int | None = setting(None, help="size of the root disk", unit="GiB")
    idle: str = setting("2h", help="when idle for so long a session ends, unless --idle is given")
    max_price: float | None = setting(None, help="most to pay for a node", unit="USD per hour")
    budget: float | None = setting(None, help="most to pay for a session, by its age", unit="USD")
    subnet: tuple[str, ...] = setting((), help="subnets; without any the default ones")
    security_group: tuple[str, ...] = setting(
        (), help="security groups; without any one is made that lets only you in"
    )
    allow_from: tuple[str, ...] = setting(
        (), help="networks (CIDR) that may log in; without any your own address"
    )
    instance_profile: str | None = setting(None, help="instance profile (name or ARN) for nodes")
    key: str | None = setting(None, help="EC2 key pair to authorise too")
    user: str | None = setting(None, help="login name; without one the image's usual one")
    private: bool = setting(False, help="reach nodes by their private address")
    jump: str | None = setting(None, help="jump host, as for ssh -J")
    node_config: str | None = setting(
        None, help="more fields of RunInstances, as JSON or as in a Ray cluster file"
    )
    config_file: str | None = setting(None, help="read in place of ~/.ssh/config")
    transport: Literal["auto", "openssh", "paramiko"] = setting("auto", help="how to connect")
    address_service: str = setting(
        "https://checkip.amazonaws.com", help="URL that answers with the caller's address"
    )
    ready_s: float = setting(600.0, help="time for instances to become usable", unit="seconds")
    poll_s: float = setting(2.0, help="time between questions while waiting", unit="seconds")
