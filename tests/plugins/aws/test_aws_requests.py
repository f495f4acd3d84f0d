"""What is asked of AWS for each option: image, network, price, budget; and how often."""

from __future__ import annotations

import base64
import json
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from outrig.cloud.ending import LIMITS
from outrig.errors import AuthError, CapacityError, ConfigError, NotFoundError, RemoteError
from outrig_aws.calls import Aws, camel
from outrig_aws.faults import told
from outrig_aws.images import find_image
from outrig_aws.provider import AwsProvider
from outrig_aws.settings import AwsSettings
from tests.plugins.living_cloud import hang_up

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from tests.plugins.aws.conftest import LivingEc2

pytestmark = pytest.mark.timeout(300)  # machines boot, on computers that may be slow

FILES = {"outrig.yaml": "name: demo\n"}
START = ("session", "start", "--provider", "aws")
REGION = "us-east-1"


def _asked(account: LivingEc2, run: CommandLine, *words: str) -> dict[str, str]:
    """Return what RunInstances was asked for by a start with these options, which AWS refuses."""
    account.rule("RunInstances", code="UnauthorizedOperation", http=403)
    done = run(*START, *words)
    assert "UnauthorizedOperation" in done.err
    account.mend()
    (params,) = [one["params"] for one in account.log() if one["action"] == "RunInstances"]
    found: dict[str, str] = params
    return found


def _images(account: LivingEc2) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = account.client().describe_images()["Images"]
    return [one for one in found if one["Architecture"] == "x86_64"]


def test_an_image_is_an_id_a_parameter_or_a_pattern(account: LivingEc2) -> None:
    import boto3

    aws, image = Aws(AwsSettings()), _images(account)[0]
    assert find_image(aws, REGION, image["ImageId"], "t3.micro").id == image["ImageId"]
    ssm = boto3.client("ssm", region_name=REGION, endpoint_url=account.endpoint)
    ssm.put_parameter(Name="/team/image", Value=image["ImageId"], Type="String", Overwrite=True)
    for name in ("/team/image", "resolve:ssm:/team/image"):
        assert find_image(aws, REGION, name, "t3.micro").id == image["ImageId"]
    alike = [one for one in _images(account) if one["Name"].startswith("amzn2-ami-")]
    newest = max(one["CreationDate"] for one in alike)
    found = find_image(aws, REGION, "amzn2-ami-*", "t3.micro")
    assert found.id in [one["ImageId"] for one in alike if one["CreationDate"] == newest]
    assert found.user == "ec2-user"


def test_without_an_image_it_is_the_current_one_of_the_architecture(account: LivingEc2) -> None:
    aws = Aws(AwsSettings())
    for kind in ("m6i.large", "g5.xlarge"):
        assert find_image(aws, REGION, None, kind).user == "ubuntu"
    with pytest.raises(NotFoundError, match="for arm64"):
        find_image(aws, REGION, "none-has-this-name-*", "m7g.large")
    names = [json.loads(one["params"])["Name"] for one in account.log() if one["service"] == "ssm"]
    assert "ubuntu/server/24.04/stable/current/amd64" in names[0]
    assert "deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04" in names[1]


def test_an_image_that_is_not_there_is_one_line(
    account: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    done = run(*START, "--image", "no-such-image-*")
    errors = [line for line in done.err.splitlines() if "error:" in line]
    said = 'aws us-east-1: there is no image "no-such-image-*" for x86_64'
    assert (done.exit_code, errors) == (125, [f"outrig: error: {said}"])
    missing = run(*START, "--image", "/no/such/parameter")
    assert "GetParameter: ParameterNotFound" in missing.err
    assert account.left() == []


def test_what_is_ones_own_is_used_as_it_is(
    account: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    ec2 = account.client()
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="own", Description="own", VpcId=vpc)["GroupId"]
    words = ["--subnet", subnet, "--security-group", group, "--key", "mine", "--disk", "64"]
    words += ["--instance-profile", "worker", "--instance-type", "t3.micro"]
    params = _asked(account, run, *words, "--aws-node-config", '{"EbsOptimized": true}')
    assert params["SubnetId"] == subnet
    assert params["SecurityGroupId.1"] == group
    assert params["KeyName"] == "mine"
    assert params["IamInstanceProfile.Name"] == "worker"
    assert params["BlockDeviceMapping.1.Ebs.VolumeSize"] == "64"
    assert params["BlockDeviceMapping.1.Ebs.Encrypted"] == "true"
    assert params["MetadataOptions.HttpTokens"] == "required"
    assert params["EbsOptimized"] == "true"
    made = [one for one in account.left() if one.startswith("sg-")]
    assert made == [group]  # none was made beside


def test_a_budget_is_in_what_the_machine_is_told(
    account: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    params = _asked(account, run, "--instance-type", "t3.micro", "--budget", "1.04")
    cloud = yaml.safe_load(base64.b64decode(params["UserData"]))
    files = {one["path"]: one["content"] for one in cloud["write_files"]}
    assert json.loads(files[LIMITS])["max_age_s"] == pytest.approx(100 * 3600)


def test_the_most_to_pay_is_the_spot_requests_own_limit(
    account: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    words = ("--spot", "--max-price", "0.00002", "--instance-type", "t3.micro")
    params = _asked(account, run, *words)
    assert params["InstanceMarketOptions.SpotOptions.MaxPrice"] == "0.00002"
    assert params["InstanceMarketOptions.SpotOptions.SpotInstanceType"] == "one-time"
    assert params["InstanceInitiatedShutdownBehavior"] == "terminate"


def test_a_private_address_is_reached_through_ones_own_way(
    ec2: LivingEc2, run: CommandLine, project: ProjectMaker, tmp_path: Path
) -> None:
    project(FILES)
    log, config = tmp_path / "used", tmp_path / "ssh_config"
    tunnel = tmp_path / "tunnel"
    tunnel.write_text(f'#!/bin/sh\necho "$3" >>{log}\nexec python3 -c "$TUNNEL" "$1" "$2"\n')
    tunnel.chmod(0o755)
    config.write_text(f"Include {ec2.config}\nHost 172.31.*\n ProxyCommand {tunnel} %h %p %n\n")
    env = {"OUTRIG_AWS_CONFIG_FILE": str(config), "TUNNEL": TUNNEL}
    words = ("--aws-private", "--shell", "echo here")
    done = run(*START, *words, env=env)
    assert (done.exit_code, done.out) == (0, "here\n"), done.err
    listed = run("provider", "list-nodes", "--provider", "aws", "--output", "json")
    (node,) = [one for one in json.loads(listed.out) if one["kind"] == "node"]
    private = ec2.client().describe_instances(InstanceIds=[node["id"]])
    (address,) = [
        one["PrivateIpAddress"] for group in private["Reservations"] for one in group["Instances"]
    ]
    assert set(log.read_text().split()) == {address}
    assert run("session", "stop", env=env).exit_code == 0
    assert ec2.left() == []


TUNNEL = """
import os, socket, sys, threading
link = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def up():
    while data := os.read(0, 65536):
        link.sendall(data)
    link.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
while data := link.recv(65536):
    os.write(1, data)
"""


GATE = """
import os, socket, sys, threading, urllib.request
where = os.environ["OUTRIG_AWS_ADDRESS_SERVICE"].replace("/address", "/allowed")
if urllib.request.urlopen(where).read() != b"true":
    sys.exit("ssh: connect to host " + sys.argv[1] + " port 22: Connection timed out")
"""


def test_an_address_that_changed_is_let_in_again(
    ec2: LivingEc2, run: CommandLine, project: ProjectMaker, tmp_path: Path
) -> None:
    project(FILES)
    config, gate = tmp_path / "ssh_config", tmp_path / "gate.py"
    gate.write_text(GATE + TUNNEL)
    way = f"{sys.executable} {gate} %h %p"
    config.write_text(f"Include {ec2.config}\nHost *\n ProxyCommand {way}\n")
    env = {"OUTRIG_AWS_CONFIG_FILE": str(config)}
    assert run(*START, env=env).exit_code == 0
    ec2.ask("address", "203.0.113.99")
    hang_up()
    done = run("session", "execute", "--shell", "echo here", env=env, timeout_s=120)
    assert (done.exit_code, done.out) == (0, "here\n"), done.err
    assert "your address is new, 203.0.113.99/32 is let in" in done.err
    assert run("session", "stop", env=env).exit_code == 0
    assert ec2.left() == []


def test_a_jump_host_is_on_the_way_to_every_node() -> None:
    from outrig.api import Node

    provider = AwsProvider(AwsSettings(jump="me@gate.example", private=True))
    node = Node(id="i-1", provider="aws", address="10.0.0.9", data={"host_key": "ssh-ed25519 A"})
    endpoint = provider.endpoint(node)
    assert (endpoint.host, endpoint.jump) == ("10.0.0.9", "me@gate.example")


def test_several_nodes_cost_no_more_calls_than_one(
    ec2: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    counts = []
    for count in ("1", "4"):
        assert run(*START, "--count", count, timeout_s=120).exit_code == 0
        start = Counter(one["action"] for one in ec2.log() if one["service"] == "ec2")
        assert run("session", "list", "--output", "json").exit_code == 0
        assert ec2.log() == []  # what is recorded is listed without a call
        assert run("provider", "list-nodes", "--provider", "aws").exit_code == 0
        listing = Counter(one["action"] for one in ec2.log())
        assert run("session", "stop", timeout_s=120).exit_code == 0
        stop = Counter(one["action"] for one in ec2.log())
        looks = [one.pop("DescribeInstances") for one in (start, stop)]
        assert all(look <= 30 for look in looks), looks  # it looks ever less often
        counts.append((start, listing, stop))
    assert counts[0] == counts[1]
    assert [sum(one.values()) for one in counts[0]] == [7, 7, 3]
    assert ec2.left() == []


CALLS = (
    ("ssm", "get_parameter"),
    ("pricing", "get_products"),
    ("service-quotas", "get_service_quota"),
    ("sts", "get_caller_identity"),
)


@pytest.mark.parametrize(("service", "call"), CALLS)
def test_each_error_that_a_call_documents_is_told(
    service: str, call: str, account: LivingEc2
) -> None:
    client = Aws(AwsSettings()).client(service, REGION)
    model = client.meta.service_model.operation_model(camel(call))
    for shape in model.error_shapes:
        code = shape.metadata.get("error", {}).get("code", shape.name)
        raised = client.exceptions.from_code(code)
        answer = {"Error": {"Code": code, "Message": "why"}}
        error = told(raised(answer, camel(call)), camel(call), REGION)
        assert isinstance(error, AuthError | CapacityError | ConfigError | RemoteError), code
        assert str(error) == f"aws {REGION}: {camel(call)}: {code} (why)"


def test_a_token_that_runs_out_later_is_one_line_too(
    account: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    account.rule(None, service=None, code="ExpiredToken", http=400)
    for words, code in ((("provider", "list-nodes", "--provider", "aws"), 5), (START, 125)):
        done = run(*words)
        errors = [line for line in done.err.splitlines() if "error" in line]
        assert (done.exit_code, len(errors)) == (code, 1), done.err
        assert "ExpiredToken" in errors[0]
        assert "hint: log in again" in done.err
