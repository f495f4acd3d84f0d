"""Every error that AWS documents for our calls, and every one of botocore's own, as one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.cloud.caller import caller_networks
from outrig.cloud.ending import bounded
from outrig.cloud.machines import Wanted
from outrig.cloud.node_config import node_config
from outrig.errors import AuthError, CapacityError, ConfigError, RemoteError
from outrig_aws.faults import BUSY, CAPACITY, CREDENTIALS, is_missing, told
from outrig_aws.launch import OWN_FIELDS
from outrig_aws.settings import AwsSettings

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from tests.plugins.aws.conftest import LivingEc2

WRONG = (
    "IdempotentParameterMismatch",
    "InvalidAMIID.Malformed",
    "InvalidAMIID.NotFound",
    "InvalidAMIID.Unavailable",
    "InvalidBlockDeviceMapping",
    "InvalidGroup.NotFound",
    "InvalidInstanceType",
    "InvalidKeyPair.NotFound",
    "InvalidParameter",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "InvalidSubnetID.NotFound",
    "InvalidUserData.Malformed",
    "MalformedQueryString",
    "MissingParameter",
    "UnknownParameter",
    "ValidationError",
)


def answered(code: str, message: str = "why\nit is") -> Exception:
    from botocore.exceptions import ClientError

    error: Exception = ClientError({"Error": {"Code": code, "Message": message}}, "RunInstances")
    return error


def test_every_answer_becomes_one_line_of_its_kind() -> None:
    kinds = (
        (CAPACITY, CapacityError),
        (CREDENTIALS, AuthError),
        (BUSY, RemoteError),
        (WRONG, ConfigError),
        (("SomethingNew",), RemoteError),
    )
    for codes, kind in kinds:
        for code in codes:
            error = told(answered(code), "RunInstances", "us-east-1")
            assert type(error) is kind, code
            assert str(error) == f"aws us-east-1: RunInstances: {code} (why it is)"


def test_the_encoded_part_of_a_refusal_is_left_out() -> None:
    text = "You are not authorized. Encoded authorization failure message: " + "x" * 2000
    error = told(answered("UnauthorizedOperation", text), "RunInstances", "us-east-1")
    assert str(error).endswith("(You are not authorized.)")


def _own_errors() -> list[type[Exception]]:
    from botocore import exceptions

    found = [one for one in vars(exceptions).values() if isinstance(one, type)]
    left_out = (exceptions.BotoCoreError, exceptions.WaiterError)  # the base; and we use no waiter
    return [
        one for one in found if issubclass(one, exceptions.BotoCoreError) and one not in left_out
    ]


def _made(kind: type[Exception]) -> Exception:
    """Return one of botocore's errors with something in every field that its text has."""
    import string

    pattern = str(getattr(kind, "fmt", ""))
    names = {name for _, name, _, _ in string.Formatter().parse(pattern) if name}
    return kind(**dict.fromkeys({one.partition(".")[0] for one in names} | {"error"}, "text"))


def test_each_of_botocores_own_errors_is_translated() -> None:
    lacking = ("NoCredentials", "PartialCredentials", "SSO", "ProfileNotFound", "RefreshWithMFA")
    for kind in _own_errors():
        error = told(_made(kind), "DescribeInstances", "us-east-1")
        assert isinstance(error, AuthError | ConfigError | RemoteError), kind
        assert "\n" not in str(error)
        assert error.hint
        assert isinstance(error, AuthError) or not kind.__name__.startswith(lacking)


def test_what_is_gone_is_told_apart() -> None:
    assert is_missing(answered("InvalidInstanceID.NotFound"))
    assert is_missing(answered("InvalidPlacementGroup.Unknown"))
    assert not is_missing(answered("InvalidInstanceID.Malformed"))


@pytest.mark.parametrize("text", ["0.0.0.0/0", "::/0", "here"])
def test_nobody_lets_the_world_in(text: str) -> None:
    with pytest.raises(ConfigError, match="allow_from"):
        caller_networks(AwsSettings(allow_from=(text,)), "aws")


def test_the_callers_address_is_asked_over_https_alone() -> None:
    with pytest.raises(ConfigError, match="no https"):
        caller_networks(AwsSettings(address_service="http://example.org/"), "aws")
    with pytest.raises(RemoteError, match="your own address"):
        caller_networks(AwsSettings(address_service="http://127.0.0.1:9/"), "aws")


def test_more_fields_cannot_undo_what_keeps_from_leaking() -> None:
    given = node_config('{"EbsOptimized": true}', "aws", OWN_FIELDS)
    assert given == {"EbsOptimized": True}
    for text in ("[1]", "{", '{"ClientToken": "x"}', '{"TagSpecifications": []}'):
        with pytest.raises(ConfigError, match="node_config"):
            node_config(text, "aws", OWN_FIELDS)


def test_a_budget_is_an_age() -> None:
    from outrig.api import Lifetime

    assert bounded("aws", Lifetime(), 6.0, 0.5, 3).max_age_s == 4 * 3600.0
    assert bounded("aws", Lifetime(max_age_s=60.0), 6.0, 0.5, 3).max_age_s == 60.0
    assert bounded("aws", Lifetime(), None, None, 3) == Lifetime()


def test_credentials_that_are_missing_are_one_line(
    account: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project({"outrig.yaml": "name: demo\n"})
    none: dict[str, str | None] = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    done = run("session", "start", "--provider", "aws", env=none)
    assert done.exit_code == 125
    errors = [line for line in done.err.splitlines() if "error" in line]
    assert errors == [
        "outrig: error: aws us-east-1: DescribeInstances: Unable to locate credentials"
    ]
    profile = run("session", "start", "--provider", "aws", "--aws-profile", "nobody")
    assert "The config profile (nobody) could not be found" in profile.err
    region = run("session", "start", "--provider", "aws", env={"AWS_DEFAULT_REGION": None})
    assert "provider aws has no region" in region.err


def test_doctor_tells_how_the_account_stands(account: LivingEc2, run: CommandLine) -> None:
    done = run("doctor", "--provider", "aws", "--output", "json")
    import json

    found = {one["check"].removeprefix("provider aws: "): one for one in json.loads(done.out)}
    assert (done.exit_code, found["credentials"]["status"]) == (0, "ok"), done.out
    assert found["your address"]["found"] == "203.0.113.7/32"
    assert found["permission us-east-1"]["found"] == "instances may be made"
    policy = json.loads(found["policy"]["found"])
    actions = [action for one in policy["Statement"] for action in one["Action"]]
    assert "ec2:RunInstances" in actions
    account.rule("RunInstances", code="UnauthorizedOperation", http=403)
    refused = run("doctor", "--provider", "aws")
    assert refused.exit_code == 1
    assert "RunInstances: UnauthorizedOperation" in refused.out


def test_an_account_of_many_pages_is_listed_whole(account: LivingEc2, run: CommandLine) -> None:
    from outrig_aws.calls import Aws
    from outrig_aws.inventory import Ec2

    ec2 = account.client()
    image = ec2.describe_images()["Images"][0]["ImageId"]
    tags = [{"Key": "outrig-owner", "Value": "me"}]
    for _ in range(4):
        ec2.run_instances(
            ImageId=image,
            InstanceType="t3.micro",
            MinCount=25,
            MaxCount=25,
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
        )
    account.log()
    wanted: list[dict[str, object]] = [{"Name": "tag:outrig-owner", "Values": ["me"]}]
    aws = Aws(AwsSettings())
    pages = aws.pages(
        "us-east-1", "describe_instances", "Reservations", Filters=wanted, MaxResults=5
    )
    assert sum(len(one["Instances"]) for one in pages) == 100
    assert len(Ec2(aws).machines("us-east-1", Wanted(owner="me")).machines) == 100
