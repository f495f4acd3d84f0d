"""Ray cluster files of every generation, and what they become."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from outrig.errors import NotFoundError
from outrig.model.cluster import ClusterFile, ClusterMount
from outrig.project.cluster_file import ClusterOverrides, load_cluster_file
from outrig.project.problem import ProjectFileError

AWS = """\
cluster_name: train
max_workers: 3
upscaling_speed: 1.0
idle_timeout_minutes: 5
docker: {}
provider:
  type: aws
  region: us-west-2
  availability_zone: us-west-2a, us-west-2b
  cache_stopped_nodes: False
  use_internal_ips: true
auth: {ssh_user: ubuntu}
available_node_types:
  ray.head.default:
    resources: {CPU: 0}
    node_config:
      InstanceType: m5.large
      ImageId: ami-1
      KeyName: mine
      TagSpecifications: [{ResourceType: instance, Tags: [{Key: team, Value: vision}]}]
      SubnetIds: [subnet-1]
      SecurityGroupIds: [sg-1, sg-2]
      BlockDeviceMappings: [{DeviceName: /dev/sda1, Ebs: {VolumeSize: 140}}]
  small:
    min_workers: 1
    resources: {}
    node_config: {InstanceType: m5.large, ImageId: ami-1}
  gpu:
    min_workers: 2
    max_workers: 3
    resources: {GPU: 1, "custom": 2.5}
    labels: {tier: fast}
    worker_setup_commands: [echo gpu]
    initialization_commands: [echo first]
    node_config: {InstanceType: g4dn.xlarge, InstanceMarketOptions: {MarketType: spot}}
head_node_type: ray.head.default
setup_commands: [echo all]
head_setup_commands: [echo head]
worker_setup_commands: [echo worker]
initialization_commands: []
metadata: {owner: [me]}
"""
OLD = """\
cluster_name: old
min_workers: 1
initial_workers: 2
max_workers: 2
autoscaling_mode: default
target_utilization_fraction: 0.8
docker: {image: "", container_name: "", pull: True, run_options: []}
provider: {type: aws, region: us-west-2}
auth: {ssh_user: ubuntu}
head_node: {InstanceType: m5.large, ImageId: ami-1}
worker_nodes: {InstanceType: m5.large, ImageId: ami-1, MinCount: 1, MaxCount: 1}
worker_default_node_type: x
setup_commands: []
head_start_ray_commands: [ray stop, ray start --head --redis-port=6379]
"""


def load(tmp_path: Path, text: str, overrides: ClusterOverrides | None = None) -> ClusterFile:
    """Read a cluster file of that text."""
    path = tmp_path / "cluster.yaml"
    path.write_text(text)
    return load_cluster_file(path, overrides)


def test_node_types_become_groups_of_nodes(tmp_path: Path) -> None:
    cluster = load(tmp_path, AWS)
    assert (cluster.name, cluster.compute.provider, cluster.compute.count) == ("train", "aws", 4)
    assert cluster.head.commands.setup == ("echo all", "echo head")
    assert cluster.head.resources == {"CPU": 0}
    assert [(one.name, one.count, one.most) for one in cluster.workers] == [
        ("small", 1, None),
        ("gpu", 2, 3),
    ]
    gpu = cluster.group(2)
    assert cluster.group(1).commands.setup == ("echo all", "echo worker")
    assert (gpu.name, gpu.commands.setup) == ("gpu", ("echo all", "echo gpu"))
    assert gpu.commands.initialization == ("echo first",)
    assert (gpu.resources, gpu.labels) == ({"GPU": 1, "custom": 2.5}, {"tier": "fast"})
    assert (cluster.group(3).name, cluster.group(9).name) == ("gpu", "gpu")
    assert cluster.notices == ()
    more = load(tmp_path, AWS, ClusterOverrides(max_workers=9)).notices
    assert "max_workers: there are 3 workers; Ray's autoscaler is not started: it needs" in more[0]
    assert (cluster.idle_s, cluster.max_workers, cluster.keeps_nodes) == (300, 3, False)
    assert cluster.head.commands.start[1].startswith("ulimit -c unlimited; ray start --head")


def test_aws_settings_are_the_providers_own(tmp_path: Path) -> None:
    settings = dict(load(tmp_path, AWS).compute.settings)
    groups = json.loads(str(settings.pop("worker_groups")))
    tags = json.loads(str(settings.pop("tags")))
    assert len(tags.pop("ray-launch-config")) == 32
    assert tags == {
        "Name": "ray-train-head",
        "ray-cluster-name": "train",
        "ray-node-type": "head",
        "ray-user-node-type": "ray.head.default",
        "ray-node-status": "up-to-date",
        "team": "vision",
    }
    assert json.loads(str(settings.pop("node_config"))) == {
        "KeyName": "mine",
        "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 140}}],
    }
    assert settings == {
        "instance_type": ("m5.large",),
        "image": "ami-1",
        "subnet": ("subnet-1",),
        "security_group": ("sg-1", "sg-2"),
        "region": ("us-west-2",),
        "zone": ("us-west-2a", "us-west-2b"),
        "user": "ubuntu",
        "private": True,
    }
    assert [(one["count"], one["instance_type"]) for one in groups] == [
        (1, ["m5.large"]),
        (2, ["g4dn.xlarge"]),
    ]
    assert (groups[0].get("spot"), groups[1]["spot"]) == (None, True)


SCALING = """\
cluster_name: grows
max_workers: MOST
provider: {type: aws, region: us-west-2, cache_stopped_nodes: false}
available_node_types:
  head: {resources: {CPU: 0}, node_config: {InstanceType: m5.large, PROFILE}}
  worker: {min_workers: 2, resources: {CPU: 4}, node_config: {InstanceType: c5.large}}
head_node_type: head
file_mounts: {/data: .}
setup_commands: [pip install boto3]
cluster_synced_files: [~/model]
"""
PROFILE = "IamInstanceProfile: {Name: mine}"


def test_a_file_that_lets_ray_scale_asks_for_the_head_only(tmp_path: Path) -> None:
    text = SCALING.replace("MOST", "5").replace("PROFILE", PROFILE)
    cluster = load(tmp_path, text)
    assert (cluster.compute.count, "worker_groups" in dict(cluster.compute.settings)) == (1, False)
    assert cluster.notices[0].endswith(
        "workers are made by Ray's autoscaler on the head: 5 at most"
    )
    found = json.loads(cluster.scaling or "")
    assert (found["cluster_name"], found["max_workers"]) == ("grows", 5)
    assert found["file_mounts"] == {"/data": "/data"}, "as they lie on the head"
    assert found["cluster_synced_files"] == ["~/model"]
    assert found["available_node_types"]["worker"]["min_workers"] == 2
    assert found["provider"] == {
        "type": "aws",
        "region": "us-west-2",
        "cache_stopped_nodes": False,
        "use_internal_ips": True,
    }
    assert found["auth"] == {"ssh_private_key": "~/ray_bootstrap_key.pem"}


@pytest.mark.parametrize(
    ("most", "profile", "more", "reason"),
    [
        ("5", "", "", "it needs an IamInstanceProfile in the head's node_config"),
        ("5", PROFILE, "docker: {image: rayproject/ray}", "it does not run in a container"),
        ("2", PROFILE, "", None),
    ],
)
def test_ray_does_not_scale_where_it_cannot_or_need_not(
    tmp_path: Path, most: str, profile: str, more: str, reason: str | None
) -> None:
    text = SCALING.replace("cluster_synced_files: [~/model]\n", more + "\n")
    cluster = load(tmp_path, text.replace("MOST", most).replace("PROFILE", profile))
    assert (cluster.scaling, cluster.compute.count) == (None, 3)
    start = "there are 2 workers; Ray's autoscaler is not started: "
    assert [start + reason in one for one in cluster.notices] == [True] if reason else True


GCP = """\
provider: {type: gcp, region: us-west1, availability_zone: us-west1-a, project_id: mine}
auth: {ssh_user: ubuntu}
available_node_types:
  head:
    node_config:
      machineType: n1-standard-2
      disks:
        - boot: true
          initializeParams:
            diskSizeGb: 50
            sourceImage: projects/deeplearning/global/images/family/common-cpu
  worker:
    min_workers: 1
    node_config:
      machineType: projects/x/zones/y/machineTypes/n1-standard-4
      guestAccelerators: [{acceleratorType: zones/y/acceleratorTypes/nvidia-tesla-t4}]
      disks:
        - {boot: true, initializeParams: {sourceImage: projects/a/global/images/b}}
      scheduling: [{preemptible: true}, {onHostMaintenance: TERMINATE}]
      serviceAccounts: [{email: me@example.org, scopes: [cloud-platform]}]
      labels: {team: vision}
head_node_type: head
"""


def test_gcp_settings_are_the_providers_own(tmp_path: Path) -> None:
    settings = dict(load(tmp_path, GCP).compute.settings)
    groups = json.loads(str(settings.pop("worker_groups")))
    assert json.loads(str(settings.pop("tags")))["ray-node-type"] == "head"
    assert json.loads(groups[0].pop("tags"))["ray-user-node-type"] == "worker"
    assert settings == {
        "machine_type": ("n1-standard-2",),
        "image_family": "projects/deeplearning/global/images/family/common-cpu",
        "disk": 50,
        "region": ("us-west1",),
        "zone": ("us-west1-a",),
        "project": "mine",
        "user": "ubuntu",
    }
    assert groups == [
        {
            "count": 1,
            "machine_type": ["n1-standard-4+nvidia-tesla-t4:1"],
            "image": "projects/a/global/images/b",
            "spot": True,
            "service_account": "me@example.org",
            "scopes": ["cloud-platform"],
            "node_config": '{"labels": {"team": "vision"}}',
        }
    ]


def test_old_files_are_read_with_a_notice_for_each_old_key(tmp_path: Path) -> None:
    cluster = load(tmp_path, OLD)
    assert (cluster.compute.count, cluster.workers[0].count) == (3, 2)
    groups = json.loads(str(dict(cluster.compute.settings)["worker_groups"]))
    assert json.loads(groups[0].pop("tags"))["ray-node-type"] == "worker"
    assert [one["count"] for one in groups] == [2]
    keys = [one.split()[1] for one in cluster.notices if "before" in one]
    assert keys == [
        "initial_workers",
        "autoscaling_mode",
        "target_utilization_fraction",
        "head_node",
        "worker_nodes",
        "worker_default_node_type",
    ]
    assert "is of Ray before 1.0: so many workers" in cluster.notices[0]


def test_hosts_of_the_local_provider(tmp_path: Path) -> None:
    hosts = "provider: {type: local, head_ip: a, worker_ips: [b, c]}\n"
    cluster = load(tmp_path, hosts)
    assert (cluster.name, cluster.compute.provider) == ("default", "ssh")
    assert dict(cluster.compute.settings) == {"hosts": ("a", "b", "c")}
    fewer = load(tmp_path, hosts + "min_workers: 1\n")
    assert dict(fewer.compute.settings) == {"hosts": ("a", "b")}
    (notice,) = fewer.notices
    assert notice.endswith("worker_ips names 2 hosts; by min_workers there is 1 worker")
    none = load(tmp_path, hosts, ClusterOverrides(name="other", min_workers=0, max_workers=7))
    assert (none.name, none.compute.count, none.max_workers) == ("other", 1, 7)
    outside = load(tmp_path, "provider: {type: local, head_ip: a, external_head_ip: z}\n")
    assert (dict(outside.compute.settings)["hosts"], outside.head_address) == (("z",), "a")
    here = load(tmp_path, "provider: {type: local}\nmin_workers: 2\n")
    assert (here.compute.provider, here.compute.count) == ("local", None)


def test_mounts_are_relative_to_the_file(tmp_path: Path) -> None:
    text = "provider: {type: local}\nfile_mounts: {~/a: here/a, /b/c: /there, '~/d e': '~/x'}\n"
    cluster = load(tmp_path, text + "rsync_exclude: ['**/.git']\nrsync_filter: [.gitignore]\n")
    assert cluster.mounts == (
        ClusterMount(remote="~/a", local=tmp_path / "here/a"),
        ClusterMount(remote="/b/c", local=Path("/there")),
        ClusterMount(remote="~/d e", local=Path("~/x").expanduser()),
    )
    assert (cluster.exclude, cluster.filters) == (("**/.git",), (".gitignore",))


WRONG = (
    ("provider: {type: local}\nclustr_name: x\n", "2:1: clustr_name: unknown key, nearest known"),
    ("cluster_name: x\n", "1:1: provider.type: is missing"),
    ("provider: {type: aws, cloudwatch: {agent: {}}}\n", "1:35: provider.cloudwatch: is not taken"),
    ("provider: {type: local, coordinator_address: h:1}\n", "1:46: provider.coordinator_address"),
    ("provider: {type: aws}\nauth: {ssh_port: 22}\n", "2:8: auth.ssh_port: unknown key"),
    ("provider: {type: aws}\nauth: {ssh_proxy_command: x}\n", "2:27: auth.ssh_proxy_command: is"),
    (
        "provider: {type: aws}\nhead_node_type: x\navailable_node_types: {y: {node_config: {}}}\n",
        '2:17: head_node_type: "x" is not among available_node_types (y)',
    ),
    (
        "provider: {type: local, head_ip: a}\navailable_node_types: {y: {node_config: {}}}\n",
        "2:23: available_node_types: is not taken over: the hosts",
    ),
    ("provider: {type: local}\nfile_mounts: {relative/x: a}\n", "2:15: file_mounts.relative/x:"),
    ("provider: {type: local}\nmax_workers: -1\n", "2:14: max_workers: expected a whole number"),
    ("provider: {type: local}\nupscaling_speed: fast\n", "2:18: upscaling_speed: expected a num"),
    ("provider: {type: local}\nsetup_commands: {a: b}\n", "2:17: setup_commands: expected a list"),
    (
        "provider: {type: aws}\ncluster_synced_files: [~/x]\ndocker: {image: y}\n",
        "2:23: cluster_synced_files: is not taken over with docker",
    ),
    ("provider: {type: local}\nfile_mounts_sync_continuously: yes\n", "2:32: file_mounts_sync_con"),
)


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_what_is_wrong_or_refused_is_named_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ProjectFileError) as caught:
        load(tmp_path, text)
    (problem,) = str(caught.value).splitlines()
    assert message in problem


def test_what_says_nothing_is_not_refused(tmp_path: Path) -> None:
    cluster = load(
        tmp_path,
        "provider: {type: aws, security_group: {}, disable_node_updaters: False}\n"
        "cluster_synced_files: []\nfile_mounts_sync_continuously: False\ndocker: {image: ''}\n",
    )
    assert cluster.compute.provider == "aws"


def test_a_file_that_is_not_there_or_no_file(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no cluster file"):
        load_cluster_file(tmp_path / "nope.yaml")
    with pytest.raises(ProjectFileError, match=r"cluster\.yaml: is empty"):
        load(tmp_path, "")


def published() -> list[Path]:
    """Return the cluster files that come with Ray, for the providers that Outrig has."""
    spec = find_spec("ray")
    root = Path(str(spec.origin)).parent if spec is not None else Path("/nonexistent")
    kinds = ("aws", "gcp", "local")
    return [one for kind in kinds for one in sorted((root / "autoscaler" / kind).glob("*.yaml"))]


@pytest.mark.parametrize("path", published(), ids=lambda one: f"{one.parent.name}/{one.name}")
def test_rays_own_files_are_read(path: Path, tmp_path: Path) -> None:
    provider = "provider: {type: local}\n" if path.parent.name == "local" else ""
    cluster = load(tmp_path, provider + path.read_text())
    assert cluster.name == "default"
    assert any("ray start --head" in one for one in cluster.head.commands.start)
