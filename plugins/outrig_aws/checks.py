"""How the account stands: credentials, permissions, quotas, network, clock."""

from __future__ import annotations

import json
import time
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING

from outrig.errors import OutrigError
from outrig_aws.faults import code_of, one_line
from outrig_aws.images import find_image
from outrig_aws.network import caller_networks, subnets
from outrig_aws.places import wanted_types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outrig.api import Resources
    from outrig_aws.calls import Aws
    from outrig_aws.settings import AwsSettings

    Line = tuple[str, bool, str]

MOST_SKEW_S = 240.0
_VCPU_QUOTA = "L-1216C47A"
"""Running on-demand standard instances, in vCPU."""

_READ = (
    "ec2:DescribeAddresses",
    "ec2:DescribeImages",
    "ec2:DescribeInstances",
    "ec2:DescribeKeyPairs",
    "ec2:DescribePlacementGroups",
    "ec2:DescribeRegions",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSpotInstanceRequests",
    "ec2:DescribeSpotPriceHistory",
    "ec2:DescribeSubnets",
    "ec2:DescribeVolumes",
    "pricing:GetProducts",
    "servicequotas:GetServiceQuota",
    "ssm:GetParameter",
)
_MAKE = ("ec2:RunInstances", "ec2:CreateSecurityGroup")
_CHANGE = (
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CancelSpotInstanceRequests",
    "ec2:DeleteKeyPair",
    "ec2:DeletePlacementGroup",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteVolume",
    "ec2:ModifyInstanceAttribute",
    "ec2:ReleaseAddress",
    "ec2:StartInstances",
    "ec2:StopInstances",
    "ec2:TerminateInstances",
)


def policy() -> dict[str, object]:
    """Return the least privilege that Outrig needs: it can change only what carries its tags."""
    tagged = {"Null": {"aws:ResourceTag/outrig-owner": "false"}}
    makes = {"ec2:CreateAction": ["RunInstances", "CreateSecurityGroup"]}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "Look", "Effect": "Allow", "Action": list(_READ), "Resource": "*"},
            {"Sid": "Make", "Effect": "Allow", "Action": list(_MAKE), "Resource": "*"},
            {
                "Sid": "TagWhatIsMade",
                "Effect": "Allow",
                "Action": "ec2:CreateTags",
                "Resource": "*",
                "Condition": {"StringEquals": makes},
            },
            {
                "Sid": "ChangeWhatIsOurs",
                "Effect": "Allow",
                "Action": list(_CHANGE),
                "Resource": "*",
                "Condition": tagged,
            },
        ],
    }


def account(aws: Aws, settings: AwsSettings, resources: Resources) -> Iterator[Line]:
    """Yield what was looked at, whether it is well, and what was found or is to do."""
    region = aws.regions()[0]
    yield from _asked("credentials", lambda: _who(aws, region))
    for one in aws.regions():
        kind = wanted_types(settings, resources)[0]
        yield from _asked(f"network {one}", partial(_network, aws, settings, one))
        yield from _asked(f"image {one}", partial(_image, aws, settings, one, kind))
        yield _permission(aws, settings, one, kind)
        yield _quota(aws, one)
    yield from _asked("your address", lambda: ", ".join(caller_networks(settings)))
    yield _clock(aws, region)
    yield "policy", True, json.dumps(policy())


def _asked(name: str, question: Callable[[], str]) -> Iterator[Line]:
    try:
        yield name, True, question()
    except OutrigError as err:
        yield name, False, f"{err}; {err.hint}" if err.hint else str(err)


def _who(aws: Aws, region: str) -> str:
    found = aws.call("sts", region, "get_caller_identity")
    return f"{found['Arn']}, account {found['Account']}"


def _image(aws: Aws, settings: AwsSettings, region: str, kind: str) -> str:
    return find_image(aws, region, settings.image, kind).id


def _network(aws: Aws, settings: AwsSettings, region: str) -> str:
    found = subnets(aws, settings, region)
    zones = ", ".join(one.zone for one in found)
    return f"{len(found)} subnet{'s' if len(found) != 1 else ''} in {zones}"


def _permission(aws: Aws, settings: AwsSettings, region: str, kind: str) -> Line:
    """Ask whether instances might be made, without making one."""
    name = f"permission {region}"
    try:
        image = find_image(aws, region, settings.image, kind).id
        aws.raw(
            region,
            "run_instances",
            ImageId=image,
            InstanceType=kind,
            MinCount=1,
            MaxCount=1,
            DryRun=True,
        )
    except OutrigError as err:
        return name, False, str(err)
    except Exception as err:
        code = code_of(err)
        if code == "DryRunOperation":
            return name, True, "instances may be made"
        return name, False, f"RunInstances: {code or one_line(str(err))}"
    return name, False, "RunInstances: the question was not understood"


def _quota(aws: Aws, region: str) -> Line:
    name = f"quota {region}"
    try:
        client = aws.client("service-quotas", region)
        found = client.get_service_quota(ServiceCode="ec2", QuotaCode=_VCPU_QUOTA)
        return name, True, f"{found['Quota']['Value']:g} vCPU of standard on-demand instances"
    except Exception as err:
        return name, True, f"not known ({code_of(err) or type(err).__name__})"


def _clock(aws: Aws, region: str) -> Line:
    try:
        answer = aws.ec2(region, "describe_regions")
        said = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
        skew = time.time() - parsedate_to_datetime(said).timestamp()
    except (OutrigError, KeyError, TypeError, ValueError):
        return "clock", True, "not known"
    if abs(skew) > MOST_SKEW_S:
        return "clock", False, f"{skew:.0f} s off: AWS refuses requests that are 5 minutes off"
    return "clock", True, f"{abs(skew):.0f} s off"
