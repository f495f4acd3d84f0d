"""Subnets to be in, and the security group that lets in only who asked for the nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from outrig.errors import ConfigError
from outrig_aws.calls import filters
from outrig_aws.tags import labels, specification

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrig.api import Context
    from outrig_aws.calls import Aws
    from outrig_aws.settings import AwsSettings

SSH = 22
GROUP = "security-group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A subnet, its zone and its network; `public` when instances get a public address there."""

    id: str
    zone: str
    vpc: str
    public: bool


def subnets(aws: Aws, settings: AwsSettings, region: str) -> tuple[Subnet, ...]:
    """Return the subnets of a region that may be used, in the order of the settings.

    Without any named these are the default ones, by zone. Raises `OutrigError`.
    """
    if settings.subnet:
        asked: dict[str, object] = {"SubnetIds": list(settings.subnet)}
    else:
        asked = {"Filters": filters(default_for_az="true")}
    found = [_subnet(one) for one in aws.pages(region, "describe_subnets", "Subnets", **asked)]
    order = {name: place for place, name in enumerate(settings.subnet or settings.zone)}
    found = [one for one in found if not settings.zone or one.zone in settings.zone]
    if not found:
        what = "default subnet" + (f" in {', '.join(settings.zone)}" if settings.zone else "")
        raise ConfigError(f"aws {region}: there is no {what}", hint="name one: --subnet ID")
    return tuple(
        sorted(found, key=lambda one: (order.get(one.id, order.get(one.zone, 99)), one.zone))
    )


def _subnet(found: Any) -> Subnet:
    return Subnet(
        id=str(found["SubnetId"]),
        zone=str(found["AvailabilityZone"]),
        vpc=str(found["VpcId"]),
        public=bool(found.get("MapPublicIpOnLaunch")),
    )


def own_group(
    aws: Aws, region: str, vpc: str, tags: Mapping[str, str], token: str, context: Context
) -> str:
    """Return the session's security group in a network, made on first use, without any rule."""
    session = labels(tags).session
    asked = filters(tag__outrig_session=session, vpc_id=vpc)
    for one in aws.pages(region, "describe_security_groups", "SecurityGroups", Filters=asked):
        return str(one["GroupId"])
    intent = context.journal.intend(GROUP, scope=region, token=token, tags=tags)
    made = aws.ec2(
        region,
        "create_security_group",
        GroupName=f"outrig-{session.lower()}",
        Description=f"outrig session {labels(tags).name[:80]}",
        VpcId=vpc,
        TagSpecifications=[specification(GROUP, tags)],
    )
    intent.created(str(made["GroupId"]))
    return str(made["GroupId"])


def let_in(aws: Aws, region: str, group: str, networks: Sequence[str]) -> bool:
    """Let these networks log in, and the group's own members reach each other; all else stays out.

    Repeating it is harmless: a rule that is there already is no error. Tells whether one was not.
    """
    own: dict[str, object] = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
    rules = (*(_login(one) for one in networks), own)
    opened = [_allow(aws, region, group, rule) for rule in rules]
    return any(opened)


def _allow(aws: Aws, region: str, group: str, rule: dict[str, object]) -> bool:
    try:
        aws.ec2(region, "authorize_security_group_ingress", GroupId=group, IpPermissions=[rule])
    except ConfigError as err:
        if "InvalidPermission.Duplicate" not in str(err):
            raise
        return False
    return True


def _login(network: str) -> dict[str, object]:
    rule: dict[str, object] = {"IpProtocol": "tcp", "FromPort": SSH, "ToPort": SSH}
    about = "who asked for it"
    if ":" in network:
        return {**rule, "Ipv6Ranges": [{"CidrIpv6": network, "Description": about}]}
    return {**rule, "IpRanges": [{"CidrIp": network, "Description": about}]}
