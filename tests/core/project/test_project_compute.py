from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.errors import UsageError
from outrig.model.project import Compute
from outrig.project.compute import resolve_compute
from outrig.project.files import SnapshotFiles
from outrig.project.problem import ProjectFileError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrig.model.project import Project

    Read = Callable[..., Project]


def test_without_cluster_or_compute_it_is_this_computer(read: Read) -> None:
    assert resolve_compute(read("name: x\n")) == Compute(provider="local")


def test_a_bare_local_cluster_is_this_computer(root: Path, read: Read) -> None:
    (root / "c.yaml").write_text("cluster_name: a\nprovider:\n  type: local\n")
    assert resolve_compute(read("name: x\ncluster: c.yaml\n")) == Compute(provider="local")


def test_a_local_cluster_with_a_head_is_ssh_to_those_hosts(root: Path, read: Read) -> None:
    (root / "c.yaml").write_text(
        "provider: {type: local, head_ip: box, worker_ips: [w1, w2]}\n"
        "auth: {ssh_user: ada, ssh_private_key: ~/.ssh/id}\n"
    )
    compute = resolve_compute(read("name: x\ncluster: {config: c.yaml}\n"))
    assert (compute.provider, compute.count) == ("ssh", 3)
    assert dict(compute.settings) == {
        "hosts": ("box", "w1", "w2"),
        "user": "ada",
        "key_file": "~/.ssh/id",
    }


def test_another_provider_keeps_its_settings(root: Path, read: Read) -> None:
    (root / "c.yaml").write_text(
        "min_workers: 2\nprovider: {type: aws, region: us-west-2, use_internal_ips: yes}\n"
        "head_node: {InstanceType: m5.large, Tags: [{Key: a, Value: 007}]}\n"
        "worker_nodes: {InstanceType: m5.large, Tags: [{Key: a, Value: 007}]}\n"
    )
    compute = resolve_compute(read("name: x\ncluster: c.yaml\n"))
    assert (compute.provider, compute.count) == ("aws", 3)
    assert dict(compute.settings) == {
        "region": ("us-west-2",),
        "private": True,
        "instance_type": ("m5.large",),
        "node_config": '{"Tags": [{"Key": "a", "Value": "007"}]}',
    }


def test_a_cluster_on_google_keeps_its_settings(root: Path, read: Read) -> None:
    (root / "c.yaml").write_text(
        "provider: {type: gcp, region: us-west1, availability_zone: us-west1-a, project_id: p}\n"
        "auth: {ssh_user: ada}\n"
        "head_node: &node\n"
        "  machineType: n1-standard-8\n"
        "  guestAccelerators: [{acceleratorType: nvidia-tesla-t4, acceleratorCount: 2}]\n"
        "  disks:\n"
        "    - {boot: true, autoDelete: true, type: PERSISTENT, initializeParams: {diskSizeGb: 50,"
        " sourceImage: projects/debian-cloud/global/images/family/debian-12}}\n"
        "  scheduling: [{preemptible: true}]\n"
        "  serviceAccounts: [{email: a@b, scopes: [devstorage.read_only]}]\n"
        "  canIpForward: true\n"
        "worker_nodes: *node\n"
    )
    compute = resolve_compute(read("name: x\ncluster: c.yaml\n"))
    assert dict(compute.settings) == {
        "project": "p",
        "region": ("us-west1",),
        "zone": ("us-west1-a",),
        "user": "ada",
        "machine_type": ("n1-standard-8+nvidia-tesla-t4:2",),
        "spot": True,
        "service_account": "a@b",
        "scopes": ("devstorage.read_only",),
        "image_family": "projects/debian-cloud/global/images/family/debian-12",
        "disk": 50,
        "node_config": '{"canIpForward": true}',
    }


def test_a_commands_cluster_wins_over_compute_and_compute_over_the_cluster(
    root: Path, read: Read
) -> None:
    (root / "c.yaml").write_text("provider: {type: gcp}\n")
    (root / "d.yaml").write_text("provider: {type: azure}\n")
    project = read(
        "name: x\ncluster: c.yaml\ncompute: {provider: aws}\n"
        "commands: [{name: t, command: a, cluster: d.yaml}, {name: u, command: a}]\n"
    )
    assert resolve_compute(project).provider == "aws"
    assert resolve_compute(project, project.command("t")).provider == "azure"
    assert resolve_compute(project, project.command("u")).provider == "aws"


PARAMETERS = """\
name: x
cluster:
  config: c.yaml
  params:
    - {name: region, default: us-west-2}
    - {name: n, type: int, default: 1}
"""
CLUSTER = """\
# {{undeclared}} in a comment is nobody's business
min_workers: {{n}}
provider:
  type: aws
  region: "{{ region }}"
  label: in-{{region}}-{{region}}
"""


def test_cluster_parameters_are_substituted(root: Path, read: Read) -> None:
    (root / "c.yaml").write_text(CLUSTER)
    project = read(PARAMETERS)
    compute = resolve_compute(project, None, {"n": "4"})
    assert compute.count == 5
    assert dict(compute.settings)["region"] == ("us-west-2",)
    assert dict(compute.settings)["label"] == "in-us-west-2-us-west-2"


@pytest.mark.parametrize(
    "value", ["a: b", "#x", "' \"", "x\ny: z", "{{n}}", "*a", "- 1", "🚀", "\\", "%", "\ue000"]
)
def test_no_value_changes_the_clusters_structure(root: Path, read: Read, value: str) -> None:
    (root / "c.yaml").write_text(CLUSTER)
    compute = resolve_compute(read(PARAMETERS), None, {"region": value})
    assert dict(compute.settings)["region"] == (value,)
    assert dict(compute.settings)["label"] == f"in-{value}-{value}"
    assert set(dict(compute.settings)) == {"region", "label"}


def test_wrong_cluster_parameters_are_usage_errors(root: Path, read: Read) -> None:
    (root / "c.yaml").write_text(CLUSTER)
    project = read(PARAMETERS)
    with pytest.raises(UsageError, match=r'^cluster c\.yaml: --n "x" is not a whole number$'):
        resolve_compute(project, None, {"n": "x"})
    with pytest.raises(UsageError, match=r'^cluster c\.yaml has no parameter "regoin"$') as caught:
        resolve_compute(project, None, {"regoin": "x"})
    assert caught.value.hint == "did you mean region?"
    with pytest.raises(UsageError, match=r"^the project has no cluster file"):
        resolve_compute(read("name: x\n"), None, {"n": "1"})


def test_a_missing_cluster_parameter_is_named(root: Path, read: Read) -> None:
    (root / "c.yaml").write_text("provider: {type: '{{p}}'}\n")
    project = read("name: x\ncluster: {config: c.yaml, params: [{name: p}]}\n")
    with pytest.raises(UsageError, match=r"^cluster c\.yaml needs a value for p$") as caught:
        resolve_compute(project)
    assert caught.value.hint == "give --cluster-param p=VALUE"


def test_errors_in_the_cluster_file_say_where(root: Path, read: Read) -> None:
    project = None
    for text, message in (
        ("a: {{n}} {{x}}\n", "c.yaml:1:10: {{x}} is not among cluster.params"),
        ("provider: {}\n", "c.yaml:1:11: provider.type: is missing, expected a provider such as"),
        ("a: 1\na: 2\n", 'c.yaml:2:1: "a" is given twice, first in line 1'),
        ("a: [\n", "c.yaml:2:1: "),
        ("", "c.yaml: is empty"),
    ):
        (root / "c.yaml").write_text(text)
        project = read(PARAMETERS)
        with pytest.raises(ProjectFileError) as caught:
            resolve_compute(project)
        assert str(caught.value).startswith(message)


def test_without_declared_parameters_braces_are_the_files_own(root: Path, read: Read) -> None:
    (root / "c.yaml").write_text("provider: {type: aws, a: '{{b}}', c: 'docker ps {{json}}'}\n")
    compute = resolve_compute(read("name: x\ncluster: c.yaml\n"))
    assert dict(compute.settings) == {"a": "{{b}}", "c": "docker ps {{json}}"}


def test_columns_are_right_behind_a_placeholder(root: Path, read: Read) -> None:
    (root / "c.yaml").write_text("a: [{{n}}, 'x]\n")
    with pytest.raises(ProjectFileError, match=r"^c\.yaml:2:1: "):
        resolve_compute(read(PARAMETERS))


def test_the_cluster_file_can_come_from_a_snapshot(root: Path, read: Read) -> None:
    (root / "c.yaml").write_text("provider: {type: aws}\n")
    project = read("name: x\ncluster: c.yaml\n")
    files = SnapshotFiles.of({"c.yaml": b"provider: {type: gcp}\n"})
    assert resolve_compute(project, None, None, files).provider == "gcp"
