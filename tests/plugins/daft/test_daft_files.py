"""Daft files of every generation, and the cluster files that they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from outrig.api import load_cluster_file
from outrig.errors import ConfigError, ConflictError, NotFoundError
from outrig_daft.files.cluster_document import cluster_document
from outrig_daft.files.daft_file import load_daft_file
from outrig_daft.files.environment import authorise_command, environment_commands, public_key
from outrig_daft.files.template import name_for, write_template

if TYPE_CHECKING:
    from pathlib import Path

    from outrig_daft.files.daft_file import DaftFile

GUIDE = """\
[setup]
name = "$NAME - required"
provider = "aws"
region = "$REGION - optional, defaults to us-west-2"
ssh_user = "$SSH_USER - optional, defaults to ec2-user"
number_of_workers = "$NUMBER_OF_WORKERS - optional, defaults to 2 worker nodes"
instance_type = "$INSTANCE_TYPE - optional, defaults to m7g.medium"
image_id = "$IMAGE_ID - optional, defaults to ami-01c3c55948a949a52"
dependencies = ["$DEPENDENCIES - optional, defaults to an empty list"]

[run]
setup_commands = ['echo "Hello, World!"']
"""
FIRST = """\
[setup]
name = "daft-demo"
provider = "aws"
region = "us-east-1"
number_of_workers = 3
instance_type = "m7g.large"
iam_instance_profile_arn = "arn:aws:iam::1:instance-profile/daft"
dependencies = ["polars==1.0"]
[run]
pre_setup_commands = ["echo first"]
setup_commands = ["echo hi"]
"""
SECOND = """\
region = "eu-west-1"
[setup]
name = "pydantic"
provider = "aws"
daft_launcher_version = "0.4.0"
python_version = "3.11"
ray_version = "2.37.0"
[run]
setup_commands = []
"""
THIRD = """\
[package]
name = "custom"
daft_launcher_version = "0.4.0-alpha0"
ray_version = "^2.37"
[cluster]
provider = "aws"
number_of_workers = 4
dependencies = ["pandas"]
pre_setup_commands = ["echo 'Hello, world!'"]
post_setup_commands = ["echo 'Finished!'"]
[cluster.custom]
image_id = "ami-1"
instance_type = "t3.large"
[[job]]
name = "filter"
working_dir = "jobs"
command = "python filter.py"
"""
LAST = """\
[setup]
name = "my-daft-cluster"
requires = "<requires>"
python-version = ">=3.12"
ray-version = "<ray-version>"
[setup.provisioned]
region = "us-west-2"
ssh-user = "ubuntu"
ssh-private-key = "~/.ssh/id_rsa"
instance-type = "i3.2xlarge"
image-id = "ami-04dd23e62ed049936"
iam-instance-profile-name = "profile"
dependencies = []
run = ["echo run"]
[[job]]
name = "example-job"
command = "python my_script.py"
working-dir = "jobs"
[[job]]
name = "other"
command = "python other.py"
"""
NAMES = "expected letters, digits and . _ - alone, with neither . nor - in front"


def read(directory: Path, text: str) -> DaftFile:
    """Read a Daft file."""
    (directory / "jobs").mkdir(exist_ok=True)
    path = directory / ".daft.toml"
    path.write_text(text)
    return load_daft_file(path)


def document(directory: Path, text: str, **more: Any) -> Any:
    """Return the cluster file that a Daft file stands for, which is one that we read."""
    written = cluster_document(read(directory, text), **more)
    path = directory / "cluster.yaml"
    path.write_text(written)
    load_cluster_file(path)
    return yaml.safe_load(written)


def wrong(directory: Path, text: str) -> list[str]:
    """Return what is said of a file that is wrong, without its directory."""
    with pytest.raises(ConfigError) as caught:
        read(directory, text)
    return [line.rpartition("/")[2] for line in str(caught.value).splitlines()]


def test_the_guides_template_with_a_name(tmp_path: Path) -> None:
    assert wrong(tmp_path, GUIDE) == [
        '.daft.toml:2:1: setup.name: is still "$NAME - required": give the cluster a name'
    ]
    found = read(tmp_path, GUIDE.replace("$NAME - required", "demo"))
    assert (found.name, found.region, found.workers) == ("demo", "us-west-2", 2)
    assert (found.user, found.image, found.dependencies) == (None, None, ())
    assert found.after == ('echo "Hello, World!"',)


def test_a_file_of_the_first_generation(tmp_path: Path) -> None:
    found = document(tmp_path, FIRST)
    config = {
        "InstanceType": "m7g.large",
        "ImageId": "resolve:ssm:/aws/service/ami-amazon-linux-latest/"
        "al2023-ami-kernel-default-arm64",
        "IamInstanceProfile": {"Arn": "arn:aws:iam::1:instance-profile/daft"},
    }
    types = found["available_node_types"]
    assert found["provider"]["region"] == "us-east-1"
    assert types["ray.head.default"] == {"node_config": config, "resources": {"CPU": 0}}
    assert types["ray.worker.default"] == {
        "node_config": config,
        "resources": {},
        "min_workers": 3,
        "max_workers": 3,
    }
    assert (found["setup_commands"][0], found["setup_commands"][-1]) == ("echo first", "echo hi")
    assert "'ray[default]' daft deltalake polars==1.0;" in found["setup_commands"][-2]


def test_a_file_of_the_second_generation(tmp_path: Path) -> None:
    found = read(tmp_path, SECOND)
    assert (found.name, found.region, found.python, found.ray) == (
        "pydantic",
        "eu-west-1",
        "3.11",
        "2.37.0",
    )


def test_a_file_of_the_third_generation(tmp_path: Path) -> None:
    found = read(tmp_path, THIRD)
    assert (found.name, found.workers, found.image) == ("custom", 4, "ami-1")
    assert (found.before, found.after) == (("echo 'Hello, world!'",), ("echo 'Finished!'",))
    assert (found.instance_type, found.ray) == ("t3.large", "^2.37")
    assert found.job("filter").directory == tmp_path / "jobs"
    light = '[package]\nname = "x"\n[cluster]\nprovider = "aws"\ntemplate = "light"\n'
    assert read(tmp_path, light).instance_type == "t2.nano"


def test_a_file_of_the_last_generation(tmp_path: Path) -> None:
    found = read(tmp_path, LAST)
    assert (found.workers, found.user, found.python, found.ray) == (4, "ubuntu", ">=3.12", None)
    assert [one.name for one in found.jobs] == ["example-job", "other"]
    assert found.job("other").directory == tmp_path
    with pytest.raises(NotFoundError, match=r'no job "none" .*has: example-job, other'):
        found.job("none")
    made = document(tmp_path, LAST)
    config = made["available_node_types"]["ray.head.default"]["node_config"]
    assert config["IamInstanceProfile"] == {"Name": "profile"}
    assert made["auth"] == {"ssh_user": "ubuntu"}
    for_ray = document(tmp_path, LAST, for_ray=True)
    assert for_ray["auth"]["ssh_private_key"].endswith("/.ssh/id_rsa")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[setup]\nname = 'x'\nnumber_of_worker = 2\n",
            '3:1: setup.number_of_worker: unknown key, nearest known key "number_of_workers"',
        ),
        ("[setup]\nname = 'x'\n[jobs]\n", '3:1: jobs: unknown key, nearest known key "job"'),
        (
            "[setup]\nname = 'x'\nnumber_of_workers = 'two'\n",
            '3:1: setup.number_of_workers: expected a whole number, found "two"',
        ),
        ("[setup]\n", "1:1: setup.name: is missing, expected the cluster's name"),
        (
            "[setup]\nname = 'a b'\n",
            f"2:1: setup.name: {NAMES}",
        ),
        (
            "[setup]\nname = 'x'\nimage-id = 'a'\nimage_id = 'b'\n",
            '3:1: setup.image-id: is there twice, the other one is "image_id"',
        ),
        (
            "[setup]\nname = 'x'\n[[job]]\nname = 'j'\ncommand = 'ls'\nworking-dir = 'none'\n",
            "6:1: job[0].working-dir: there is no directory none",
        ),
        (
            "[setup]\nname = 'x'\n[[job]]\nname = 'j'\n",
            "3:1: job[0].command: is missing, expected text",
        ),
        (
            "[setup]\nname = 'x'\nprovider = 'aws'\nhosts = ['a']\n",
            "4:1: setup.hosts: are machines that are there, not nodes of aws: provider is ssh",
        ),
        ("[setup\n", "1:7: not TOML: Expected ']' at the end of a table declaration"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    assert wrong(tmp_path, text) == [f".daft.toml:{said}"]


def test_clusters_on_kubernetes_are_led_elsewhere(tmp_path: Path) -> None:
    text = "[setup]\nname = 'x'\n[setup.byoc]\nnamespace = 'default'\n"
    (said,) = wrong(tmp_path, text)
    assert "setup.byoc: is a cluster that is there already" in said


def test_hosts_that_are_there_are_the_nodes(tmp_path: Path) -> None:
    text = "[setup]\nname = 'x'\nhosts = ['a', 'b', 'c']\nssh_user = 'ann'\n"
    found = document(tmp_path, text)
    assert found["provider"] == {"type": "local", "head_ip": "a", "worker_ips": ["b", "c"]}
    assert (found["min_workers"], found["auth"]) == (2, {"ssh_user": "ann"})
    here = document(tmp_path, "[setup]\nname = 'x'\nprovider = 'local'\n")
    assert (here["provider"], here["min_workers"]) == ({"type": "local"}, 0)


def test_another_provider_has_its_own_settings(tmp_path: Path) -> None:
    text = "[setup]\nname = 'x'\nprovider = 'mine'\n[setup.settings]\nsize = 3\n"
    assert document(tmp_path, text)["provider"] == {"type": "mine", "size": 3}


def test_a_cluster_without_workers_works_on_its_head(tmp_path: Path) -> None:
    found = document(tmp_path, "[setup]\nname = 'x'\nnumber_of_workers = 0\n")
    assert found["available_node_types"]["ray.head.default"]["resources"] == {}
    assert found["available_node_types"]["ray.head.default"]["node_config"]["ImageId"] == (
        "ami-01c3c55948a949a52"
    )


@pytest.mark.parametrize(
    ("python", "ray", "words"),
    [
        ("=3.12.5", "=2.37.0", ("3.12.5", "ray[default]==2.37.0")),
        (">=3.10", "^2.37", ("'>=3.10'", "ray[default]~=2.37")),
        (None, None, ("3.12", "ray[default]")),
    ],
)
def test_versions_are_understood(
    python: str | None, ray: str | None, words: tuple[str, str]
) -> None:
    commands = environment_commands(python, ray, ["getdaft==0.3"])
    assert f"--python {words[0]} " in commands[1]
    assert f"'{words[1]}' deltalake getdaft==0.3;" in commands[3]


def test_the_template_is_a_file_that_works(tmp_path: Path) -> None:
    path = tmp_path / "new-cluster.toml"
    write_template(path)
    found = load_daft_file(path)
    assert (found.name, found.workers, found.provider) == ("new-cluster", 2, "aws")
    path.write_text("mine")
    with pytest.raises(ConflictError, match=r"there is a file .* already"):
        write_template(path)
    assert path.read_text() == "mine"
    with pytest.raises(ConflictError, match="there is a directory"):
        write_template(tmp_path)
    with pytest.raises(ConfigError, match="cannot be written: No such file or directory"):
        write_template(tmp_path / "none/x.toml")


def test_every_line_of_the_template_can_be_used(tmp_path: Path) -> None:
    write_template(tmp_path / "x.toml")
    text = (tmp_path / "x.toml").read_text()
    used = [line.removeprefix("# ") if " = " in line else line for line in text.splitlines()]
    found = read(tmp_path, "\n".join(used).replace("# [[job]]", "[[job]]"))
    assert (found.user, found.ray, found.dependencies) == ("ec2-user", "2.50.0", ("polars",))
    assert [one.name for one in found.jobs] == ["main"]


def test_names_of_clusters_are_made_of_names_of_files(tmp_path: Path) -> None:
    names = (".daft.toml", "new-cluster.toml", "a b.toml", "..toml", "ü.toml")
    assert [name_for(tmp_path / one) for one in names] == [
        "daft",
        "new-cluster",
        "a-b",
        "daft",
        "daft",
    ]


def test_a_key_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no key"):
        public_key(tmp_path / "none")
    (tmp_path / "odd").write_text("no key\n")
    with pytest.raises(ConfigError, match="cannot be read as a private key"):
        public_key(tmp_path / "odd")
    assert "'ssh-rsa AA;rm'" in authorise_command("ssh-rsa AA;rm comment")
