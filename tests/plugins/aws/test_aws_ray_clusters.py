"""Ray clusters on EC2 from Ray's own files: a head and workers that differ from it.

A program called `raylet` stands for Ray, which `tests/plugins/ray` has.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from tests.plugins.aws.conftest import LivingEc2

FILE = """\
cluster_name: mixed
max_workers: 2
provider: {type: aws, region: us-east-1, cache_stopped_nodes: KEEPS}
auth: {ssh_user: ubuntu}
available_node_types:
  head: {resources: {CPU: 0}, node_config: {InstanceType: m5.large}}
  worker:
    min_workers: 2
    resources: {}
    node_config: {InstanceType: c5.large, InstanceMarketOptions: {MarketType: spot}}
head_node_type: head
setup_commands: ["echo $RAY_HEAD_IP > ~/head"]
head_start_ray_commands:
  - ray stop
  - cp /bin/sleep ~/raylet; (~/raylet 3600 >/dev/null 2>&1 &)
worker_start_ray_commands:
  - ray stop
  - cp /bin/sleep ~/raylet; (~/raylet 3600 >/dev/null 2>&1 &)
"""


def instances(ec2: LivingEc2) -> list[tuple[str, str, str]]:
    """Return type, market and private address of what runs, sorted."""
    found = ec2.client().describe_instances()["Reservations"]
    return sorted(
        (
            one["InstanceType"],
            one.get("InstanceLifecycle", "on-demand"),
            one["PrivateIpAddress"],
        )
        for group in found
        for one in group["Instances"]
        if one["State"]["Name"] == "running"
    )


def test_workers_of_another_type_join_a_head(
    ec2: LivingEc2, run: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "mixed.yaml"
    file.write_text(FILE.replace("KEEPS", "False"))
    run("ray", "up", str(file), timeout_s=110).checked()
    kinds = instances(ec2)
    assert [one[:2] for one in kinds] == [
        ("c5.large", "spot"),
        ("c5.large", "spot"),
        ("m5.large", "on-demand"),
    ]
    done = run("session", "execute", "--name", "mixed", "--shell", "--on", "all", "cat ~/head")
    head = kinds[2][2]
    assert [line.split()[1] for line in done.out.splitlines()] == [head] * 3
    nodes = run("ray", "list", "--output", "json").records()
    assert (nodes[0]["provider"], nodes[0]["nodes"], nodes[0]["ray"]) == ("aws", 3, 3)
    assert "nothing has changed" in run("ray", "up", str(file)).checked().err
    file.write_text(file.read_text().replace("m5.large", "m5.xlarge"))
    late = run("ray", "up", str(file)).checked()
    assert "mixed: instance_type: they count when its nodes are made anew" in late.err
    fewer = run("ray", "up", str(file), "--min-workers", "1")
    assert (fewer.exit_code, "has 3 nodes, its file asks for 2" in fewer.err) == (2, True)
    more = run("ray", "up", str(file), "--min-workers", "3", timeout_s=110).checked()
    assert more.err.count("] start: cp") == 1, "only the new one is worked on"
    assert [one for one in kinds if one not in instances(ec2)] == []
    assert [one[:2] for one in instances(ec2)] == [("c5.large", "spot")] * 3 + [kinds[2][:2]]
    ec2.rule("RunInstances", code="InsufficientInstanceCapacity", http=500)
    failed = run("ray", "up", str(file), "--min-workers", "5", timeout_s=110)
    assert (failed.exit_code, len(instances(ec2))) == (6, 4), str(failed)
    ec2.mend()
    again = run("ray", "up", str(file), "--min-workers", "3", timeout_s=110).checked()
    assert "nothing has changed" in again.err
    assert run("ray", "exec", "mixed", "pgrep -xc raylet; exit 9").exit_code == 9
    run("ray", "down", "mixed").checked()
    assert ec2.left() == []


def test_machines_that_are_cached_are_stopped_and_then_terminated(
    ec2: LivingEc2, run: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "mixed.yaml"
    text = FILE.replace("KEEPS", "True").replace("min_workers: 2", "min_workers: 0")
    file.write_text(text)
    run("ray", "up", str(file), timeout_s=110).checked()
    (kept,) = instances(ec2)
    first = run("ray", "down", str(file)).checked()
    assert "mixed is SUSPENDED" in first.err
    assert "end for good: outrig ray down mixed" in first.err
    assert (instances(ec2), len(ec2.left()) > 0) == ([], True)
    again = run("ray", "up", str(file), timeout_s=110).checked()
    assert instances(ec2) == [kept]
    assert "start: cp /bin/sleep" in again.err
    run("ray", "down", str(file)).checked()
    run("ray", "down", "mixed").checked()
    assert ec2.left() == []


def test_groups_that_are_none_are_said(ec2: LivingEc2, run: CommandLine, tmp_path: Path) -> None:
    for value, message in (
        ("nonsense", "providers.aws.worker_groups is no JSON"),
        ("{}", "providers.aws.worker_groups: expected a list of mappings"),
        (json.dumps([{"count": 1, "colour": "red"}]), "unknown colour"),
        (json.dumps([{"count": "two"}]), "count is no number"),
    ):
        file = tmp_path / "wrong.yaml"
        file.write_text(f"provider: {{type: aws, worker_groups: {json.dumps(value)}}}\n")
        done = run("ray", "up", str(file))
        assert (done.exit_code, message in done.err) == (3, True), str(done)
