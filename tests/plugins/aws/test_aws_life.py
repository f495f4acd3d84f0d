"""Stopping and resuming, several nodes, two clients at once, and what `gc` finds afterwards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from tests.plugins.aws.conftest import LivingEc2

pytestmark = pytest.mark.timeout(300)  # machines boot, on computers that may be slow

FILES = {"outrig.yaml": "name: demo\n", "a.txt": "a\n"}
START = ("session", "start", "--provider", "aws")


def test_a_kept_session_is_resumed_with_its_files(
    ec2: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    assert run(*START).exit_code == 0
    assert run("session", "execute", "--shell", "echo mine > made.txt").exit_code == 0
    first = json.loads(run("provider", "list-nodes", "--provider", "aws", "--output", "json").out)
    kept = run("session", "stop", "--keep")
    assert kept.exit_code == 0, kept.err
    words = ("provider", "list-nodes", "--provider", "aws", "--output", "csv")
    listed = run(*words, "--format", "kind,state,session")
    assert listed.out.splitlines()[1:] == ["node,stopped,demo", "security-group,,demo"]
    done = run("session", "start", "--name", "demo", "--provider", "aws", "--shell", "cat made.txt")
    assert (done.exit_code, done.out) == (0, "mine\n"), done.err
    again = json.loads(run("provider", "list-nodes", "--provider", "aws", "--output", "json").out)
    assert [one["id"] for one in again] == [one["id"] for one in first]
    assert run("session", "stop").exit_code == 0
    assert ec2.left() == []


def test_several_nodes_come_with_one_request_and_reach_each_other(
    ec2: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    done = run(*START, "--count", "3", timeout_s=120)
    assert done.exit_code == 0, done.err
    assert [one for one in ec2.calls() if one == "RunInstances"] == ["RunInstances"]
    told = run("session", "execute", "--shell", "--on", "all", "echo $OUTRIG_NODE_RANK").out
    assert sorted(line.split()[-1] for line in told.splitlines()) == ["0", "1", "2"]
    assert run("session", "stop").exit_code == 0
    assert ec2.left() == []


def test_two_clients_that_start_one_name_share_one_node(
    ec2: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    both = [run.start(*START, "--name", "one") for _ in range(2)]
    assert [one.wait(120).exit_code for one in both] == [0, 0]
    assert sum(" running" in one for one in ec2.left()) == 1
    assert run("session", "stop", "one").exit_code == 0
    assert ec2.left() == []


def test_gc_removes_what_no_session_uses_and_nothing_of_others(
    account: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    account.rule("DescribeInstances", skip=1, code="UnauthorizedOperation", http=403, times=1)
    failed = run(*START)
    assert (failed.exit_code, "releasing" in failed.err) == (125, True)
    owner = (run.directory.parent / "home/outrig/state/owner").read_text().strip()
    ec2 = account.client()
    _litter(ec2, "lost", {"outrig-owner": owner})
    _litter(ec2, "other", {"outrig-owner": "else"})
    shown = run("gc", "--dry-run", "--output", "csv", "--format", "kind")
    assert sorted(shown.out.split()[1:]) == LITTER, shown.err
    cleared = run("gc", "--yes")
    assert cleared.exit_code == 0, cleared.err
    left = account.left()
    assert len(left) == len(LITTER)
    assert left.count("other") == 2  # the key pair and the placement group
    assert run("gc", "--dry-run").out == ""


LITTER = ["address", "key-pair", "placement-group", "security-group", "spot-request", "volume"]


def _litter(ec2: Any, name: str, tags: dict[str, str]) -> None:
    """Leave one of each kind of thing in the account."""

    def kind(what: str) -> list[dict[str, object]]:
        made = [{"Key": key, "Value": value} for key, value in tags.items()]
        return [{"ResourceType": what, "Tags": made}]

    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    ec2.create_security_group(
        GroupName=name, Description=name, VpcId=vpc, TagSpecifications=kind("security-group")
    )
    ec2.create_key_pair(KeyName=name, TagSpecifications=kind("key-pair"))
    ec2.create_volume(AvailabilityZone="us-east-1a", Size=8, TagSpecifications=kind("volume"))
    ec2.allocate_address(Domain="vpc", TagSpecifications=kind("elastic-ip"))
    ec2.create_placement_group(
        GroupName=name, Strategy="cluster", TagSpecifications=kind("placement-group")
    )
    image = ec2.describe_images()["Images"][0]["ImageId"]
    asked = ec2.request_spot_instances(
        InstanceCount=1,
        LaunchSpecification={"ImageId": image, "InstanceType": "t3.micro"},
        TagSpecifications=kind("spot-instances-request"),
    )
    made = [one.get("InstanceId") for one in asked["SpotInstanceRequests"]]
    ec2.terminate_instances(InstanceIds=[one for one in made if one])


def test_a_session_whose_machine_went_off_is_suspended_and_starts_again(
    ec2: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    assert run(*START, "--name", "one").exit_code == 0
    instance = next(one.split()[0] for one in ec2.left() if one.startswith("i-"))
    ec2.client().stop_instances(InstanceIds=[instance])
    listed = run("session", "list", "--refresh", "--output", "csv", "--format", "state,error")
    assert listed.out.splitlines()[1].startswith("SUSPENDED,its instance is stop"), listed.err
    again = run(*START, "--name", "one", "--shell", "cat a.txt")
    assert (again.exit_code, again.out) == (0, "a\n"), again.err
    ec2.client().terminate_instances(InstanceIds=[instance])
    anew = run(*START, "--name", "one", "--shell", "cat a.txt")
    assert (anew.exit_code, anew.out) == (0, "a\n"), anew.err
    assert sum(" running" in one for one in ec2.left()) == 1
    assert run("session", "stop", "one").exit_code == 0
    assert ec2.left() == []
