"""A Ray cluster on Compute Engine, from a file of Ray's: up, nothing to do, down.

A program called `raylet` stands for Ray, which `tests/plugins/ray` has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from tests.plugins.gcp.conftest import LivingGce

pytestmark = pytest.mark.timeout(300)  # machines boot, on computers that may be slow

FILE = """\
cluster_name: mixed
max_workers: 3
provider: {type: gcp, region: us-central1, project_id: PROJECT}
auth: {ssh_user: ubuntu}
available_node_types:
  ray_head:
    resources: {CPU: 0}
    node_config: {machineType: e2-standard-2}
  ray_worker:
    min_workers: 1
    resources: {}
    node_config:
      machineType: n1-standard-4
      scheduling: [{preemptible: true}]
      labels: {team: vision}
head_node_type: ray_head
setup_commands: ["echo $RAY_HEAD_IP > ~/head"]
head_start_ray_commands:
  - ray stop
  - cp /bin/sleep ~/raylet; (~/raylet 3600 >/dev/null 2>&1 &)
worker_start_ray_commands:
  - ray stop
  - cp /bin/sleep ~/raylet; (~/raylet 3600 >/dev/null 2>&1 &)
"""


def test_a_cluster_of_rays_own_file_comes_up_and_goes_down(
    gce: LivingGce, run: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "mixed.yaml"
    file.write_text(FILE.replace("PROJECT", gce.project))
    up = run("ray", "up", str(file), timeout_s=200).checked()
    assert "there is 1 worker; Ray's autoscaler is not started: it runs on AWS only" in up.err
    found = gce.call("instances.aggregatedList")["items"]
    made = [one for zone in found.values() for one in zone.get("instances", ())]
    head, worker = sorted(made, key=lambda one: str(one["labels"]["ray-node-type"]))
    assert head["machineType"].endswith("/e2-standard-2")
    assert worker["machineType"].endswith("/n1-standard-4")
    assert worker["scheduling"]["provisioningModel"] == "SPOT"
    assert {one["labels"]["ray-cluster-name"] for one in made} == {"mixed"}
    assert worker["labels"]["ray-user-node-type"] == "ray_worker"
    assert worker["labels"]["team"] == "vision"
    done = run("session", "execute", "--name", "mixed", "--shell", "--on", "all", "cat ~/head")
    address = head["networkInterfaces"][0]["networkIP"]
    assert [line.split()[1] for line in done.out.splitlines()] == [address] * 2
    assert "nothing has changed" in run("ray", "up", str(file)).checked().err
    assert run("ray", "exec", "mixed", "pgrep -xc raylet; exit 9").exit_code == 9
    run("ray", "down", "mixed", timeout_s=200).checked()
    assert gce.left() == []
