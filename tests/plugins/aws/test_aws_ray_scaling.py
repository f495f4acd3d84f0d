"""Ray's own autoscaler on a head that we made: it knows the head as its own, and makes the workers.

Machines of these tests have no network between them, so that workers do not join.
"""

from __future__ import annotations

import shlex
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.plugins.aws.living.account import API

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.result import Result
    from tests.plugins.aws.conftest import LivingEc2

LIMIT_S = 240
FILE = """\
cluster_name: grows
max_workers: 2
provider: {type: aws, region: us-east-1, cache_stopped_nodes: false}
auth: {ssh_user: ubuntu}
available_node_types:
  head:
    resources: {CPU: 0}
    node_config: {InstanceType: m5.large, IamInstanceProfile: {Name: grower}}
  worker:
    min_workers: 1
    resources: {}
    node_config: {InstanceType: c5.large}
head_node_type: head
setup_commands: [BASHRC]
head_start_ray_commands:
  - ray stop
  - >-
    ray start --head --port=6379 --node-ip-address=127.0.0.1 --num-cpus=0
    --object-store-memory=100000000 --temp-dir=/home/ubuntu/r
"""


def cluster_file(directory: Path, text: str) -> Path:
    """Write a cluster file whose machines take Ray from this test's own environment."""
    place = f"export PATH={Path(sys.executable).parent}:$PATH"
    place += f" AWS_ENDPOINT_URL=http://169.254.169.254:{API} AUTOSCALER_UPDATE_INTERVAL_S=1"
    path = directory / "grows.yaml"
    path.write_text(text.replace("BASHRC", f"echo {shlex.quote(place)} > ~/.bashrc"))
    return path


def machines(ec2: LivingEc2) -> list[dict[str, Any]]:
    """Return the tags of what is there, each with the type and the state of its machine."""
    states = ["pending", "running"]
    asked = [{"Name": "instance-state-name", "Values": states}]
    found = ec2.client().describe_instances(Filters=asked)["Reservations"]
    return [
        {
            **{tag["Key"]: tag["Value"] for tag in one["Tags"]},
            "type": one["InstanceType"],
            "address": one.get("PublicIpAddress"),
            "groups": [group["GroupId"] for group in one["SecurityGroups"]],
        }
        for group in found
        for one in group["Instances"]
    ]


def profile(ec2: LivingEc2) -> None:
    """Make an instance profile, as an administrator would."""
    import boto3

    iam = boto3.client(
        "iam",
        region_name="us-east-1",
        endpoint_url=ec2.endpoint,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    iam.create_instance_profile(InstanceProfileName="grower")


def brought_up(run: CommandLine, path: Path) -> Result:
    """Bring the cluster up; on a busy machine Ray may not start in the time it gives itself."""
    deadline = time.monotonic() + LIMIT_S
    while (up := run("ray", "up", str(path), timeout_s=LIMIT_S)).exit_code != 0:
        assert time.monotonic() < deadline, str(up)
    return up


@pytest.mark.timeout(600)
def test_rays_autoscaler_makes_the_workers_and_they_go_with_the_cluster(
    ec2: LivingEc2, run: CommandLine, tmp_path: Path
) -> None:
    if find_spec("ray") is None:
        pytest.skip("ray is not installed here")
    profile(ec2)
    path = cluster_file(tmp_path, FILE)
    up = brought_up(run, path)
    assert "workers are made by Ray's autoscaler on the head: 2 at most" in up.err
    deadline = time.monotonic() + LIMIT_S
    while len(found := machines(ec2)) < 2:
        log = run("ray", "exec", "grows", "cat ~/r/session_latest/logs/monitor.*")
        assert time.monotonic() < deadline, str(log)
        time.sleep(0.5)
    head, *workers = sorted(found, key=lambda one: str(one["ray-node-type"]))
    assert {one["ray-node-type"] for one in workers} == {"worker"}
    assert {one["ray-user-node-type"] for one in workers} == {"worker"}
    assert {one["type"] for one in workers} == {"c5.large"}
    for one in workers:
        assert one["ray-cluster-name"] == head["ray-cluster-name"] == "grows"
        assert one["outrig-session"] == head["outrig-session"]
        assert one["groups"] == head["groups"], "they reach each other and nobody else"
    ray = str(Path(sys.executable).parent / "ray")
    told = run.program(ray, "get-head-ip", str(path), timeout_s=LIMIT_S).checked()
    assert told.out.split()[-1] == head["address"], "Ray's own launcher knows the head"
    addresses = [str(one["address"]) for one in workers]
    deadline = time.monotonic() + LIMIT_S
    while run("ray", "get-worker-ips", "grows").checked().out.split() != addresses:
        assert time.monotonic() < deadline, addresses
    listed = run("daft", "list", "--running", "--output", "json").records()
    assert sorted(str(one["role"]) for one in listed) == ["head", "worker"]
    run("ray", "down", "grows", timeout_s=LIMIT_S).checked()
    assert ec2.left() == []
