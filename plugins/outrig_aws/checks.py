"""How the account stands: credentials, permissions, quotas, network, clock."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from outrig.cloud.caller import caller_networks
from outrig.cloud.checking import asked, clock
from outrig.errors import OutrigError
from outrig_aws.faults import code_of, one_line
from outrig_aws.images import find_image
from outrig_aws.network import subnets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.cloud.checking import Line
    from outrig_aws.calls import Aws
    from outrig_aws.settings import AwsSettings

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


def account(aws: Aws, settings: AwsSettings, kind: str) -> Iterator[Line]:
    """Yield what was looked at, with the type of instance that would be taken."""
    region = aws.regions()[0]
    yield asked("credentials", lambda: _who(aws, region))
    for one in aws.regions():
        yield asked(f"network {one}", partial(_network, aws, settings, one))
        yield asked(f"image {one}", partial(_image, aws, settings, one, kind))
        yield _permission(aws, settings, one, kind)
        yield _quota(aws, one)
    yield asked("your address", lambda: ", ".join(caller_networks(settings, "aws")))
    yield clock(lambda: _date(aws, region))
    yield "policy", True, json.dumps(policy())


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


def _date(aws: Aws, region: str) -> str:
    answer = aws.ec2(region, "describe_regions")
    return str(answer["ResponseMetadata"]["HTTPHeaders"].get("date", ""))
