from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.model.project import ParamType, ProjectForm
from outrig.model.resources import Resources
from outrig.project.files import SnapshotFiles
from outrig.project.problem import ProjectFileError
from outrig.project.reading import load_project_from

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrig.model.project import Project

    Read = Callable[..., Project]

RAY_07 = """\
name: open-tacotron
description: "A TensorFlow implementation of Google's Tacotron speech synthesis"
repo: b'https://github.com/keithito/tacotron'
cluster: .rayproject/cluster.yaml
environment:
  requirements: requirements.txt
  shell:
    - curl http://example.test/tacotron.tar.gz | tar xzC /tmp
commands:
  - name: train
    command: python train.py --gpus {{num_gpus}}
    params:
      - name: num-gpus
        type: int
        default: 1
  - name: serve
    command: python demo_server.py
    config: {tmux: yes, port_forward: 9000, run_env: docker}
output_files: [
  "/tmp/ray/session_latest",
]
"""

RAY_08 = """\
name: test-project
documentation: https://docs.example.test
tags: [speech, 2019]
cluster:
  config: ray-project/cluster.yaml
  params:
    - {name: region, choices: [us-west-2, eu-west-1], default: us-west-2}
environment:
  dockerimage: rayproject/ray:0.8.6
  shell: [echo "Setting up the environment"]
commands:
  - name: test
    command: |
      python test.py --param1={{param1}}
    help: "A test command"
    params:
      - name: param1
        help: The first parameter
        choices: ["1", "2"]
prefix: source env.sh
"""

OWN = """\
name: mine
store: s3://bucket/snapshots
compute:
  provider: aws
  count: 2
  resources: {cpu: 4, memory: 16g, gpu: A10G:1}
  region: eu-central-1
  spot: true
  zones: [a, b]
  price: 0.5
commands:
  - name: serve
    command: python serve.py
    background: true
  - name: big
    command: python big.py
    cluster: {config: big.yaml}
"""


def test_a_ray_0_7_project_with_what_any_added(root: Path, read: Read) -> None:
    (root / ".rayproject").mkdir()
    (root / ".rayproject/cluster.yaml").write_text("provider: {type: local}\n")
    (root / "requirements.txt").write_text("numpy\n")
    project = read(RAY_07, ".rayproject/project.yaml")
    assert project.form is ProjectForm.RAY_07
    assert project.repo == "https://github.com/keithito/tacotron"
    assert project.cluster is not None
    assert project.cluster.config == ".rayproject/cluster.yaml"
    assert project.environment.requirements == "requirements.txt"
    assert project.output_files == ("/tmp/ray/session_latest",)
    train, serve = project.commands
    assert (train.params[0].type, train.params[0].default) == (ParamType.INT, 1)
    assert (train.line, serve.line) == (10, 16)
    assert (serve.config.tmux, serve.config.port_forward) == (True, 9000)
    assert serve.config.run_env == "docker"
    assert project.file == root / ".rayproject/project.yaml"


def test_a_ray_0_8_project(root: Path, read: Read) -> None:
    (root / "ray-project").mkdir()
    (root / "ray-project/cluster.yaml").write_text("provider: {type: local}\n")
    project = read(RAY_08, "ray-project/project.yaml")
    assert project.form is ProjectForm.RAY_08
    assert project.tags == ("speech", "2019")
    assert project.cluster is not None
    assert project.cluster.params[0].choices == ("us-west-2", "eu-west-1")
    assert project.environment.image == "rayproject/ray:0.8.6"
    assert project.environment.shell == ('echo "Setting up the environment"',)
    assert project.prefix == "source env.sh"
    assert project.commands[0].params[0].default is None


def test_an_outrig_project(root: Path, read: Read) -> None:
    (root / "big.yaml").write_text("provider: {type: local}\n")
    project = read(OWN)
    assert project.form is ProjectForm.OUTRIG
    assert project.store == "s3://bucket/snapshots"
    assert project.compute is not None
    assert (project.compute.provider, project.compute.count) == ("aws", 2)
    assert project.compute.resources == Resources(
        cpu=4.0, memory_mib=16384, gpu=1.0, gpu_type="A10G"
    )
    assert dict(project.compute.settings) == {
        "region": "eu-central-1",
        "spot": True,
        "zones": ["a", "b"],
        "price": 0.5,
    }
    assert project.commands[0].background
    assert project.commands[1].cluster is not None
    assert project.commands[1].cluster.config == "big.yaml"


def test_the_smallest_projects(root: Path, read: Read) -> None:
    assert read("name: x\n").commands == ()
    assert read("name: x\ncommands:\nenvironment:\n").commands == ()
    (root / "c.yaml").write_text("provider: {type: local}\n")
    assert read("name: x\ncluster: c.yaml\n", "ray-project/project.yaml").name == "x"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("no", "no"),
        ("1e3", "1e3"),
        ("010", "010"),
        ("2019-09-08", "2019-09-08"),
        ("0x1F", "0x1F"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("'quoted'", "quoted"),
        ("''", ""),
        ("'null'", "null"),
        ("0.10", "0.10"),
    ],
)
def test_values_of_text_stay_as_typed(read: Read, written: str, kept: str) -> None:
    project = read(
        f"name: x\ncommands: [{{name: t, command: a, params: [{{name: p, default: {written}}}, "
        f"{{name: q, type: str, choices: [{written}, z]}}]}}]\n"
    )
    first, second = project.commands[0].params
    assert first.default == kept
    assert second.choices == (kept, "z")


def test_a_null_default_is_no_default(read: Read) -> None:
    project = read("name: x\ncommands: [{name: t, command: a, params: [{name: p, default: ~}]}]\n")
    assert project.commands[0].params[0].default is None


def test_typed_values_are_converted(read: Read) -> None:
    project = read(
        "name: x\ncommands: [{name: t, command: a, params: ["
        "{name: n, type: int, default: '8', choices: [8, 16]},"
        "{name: lr, type: float, default: 1e-3}]}]\n"
    )
    number, rate = project.commands[0].params
    assert (number.default, number.choices) == (8, (8, 16))
    assert rate.default == 0.001


def test_the_last_of_two_commands_with_one_name_counts_with_one_notice(read: Read) -> None:
    project = read("name: x\ncommands:\n- {name: t, command: a}\n- {name: t, command: b}\n")
    command = project.command("t")
    assert command is not None
    assert command.command == "b"
    assert project.notices == (
        'outrig.yaml:4:10: commands[1].name: "t" is named twice, this one counts, not line 3',
    )


def test_a_parameter_named_like_an_option_of_ours_is_warned_of(read: Read) -> None:
    project = read("name: x\ncommands: [{name: t, command: a, params: [{name: output}]}]\n")
    assert len(project.notices) == 1
    assert "--output is an option of Outrig's" in project.notices[0]
    assert "--param output=VALUE" in project.notices[0]


def test_shell_may_be_a_list_a_text_or_a_script(root: Path, read: Read) -> None:
    assert read("name: x\nenvironment: {shell: [a, b]}\n").environment.shell == ("a", "b")
    several = read("name: x\nenvironment:\n  shell: |\n    echo 1\n    echo 2\n")
    assert several.environment.shell == ("echo 1\necho 2\n",)
    (root / "set up.sh").write_text("#!/usr/bin/env bash\necho\n")
    (step,) = read("name: x\nenvironment: {shell: set up.sh}\n").environment.shell
    assert step.startswith("/usr/bin/env bash './set up.sh' # ")
    (root / "set up.sh").write_text("echo\n")
    (changed,) = read("name: x\nenvironment: {shell: set up.sh}\n").environment.shell
    assert changed.startswith("sh './set up.sh' # ")
    assert changed.split()[-1] != step.split()[-1]


def test_byte_order_mark_and_windows_lines_are_read(read: Read) -> None:
    project = read(b"\xef\xbb\xbfname: x\r\ncommands:\r\n- name: t\r\n  command: echo\r\n")
    assert (project.name, project.commands[0].line) == ("x", 3)


def test_anchors_and_merge_keys_are_read(read: Read) -> None:
    project = read(
        "name: x\ncommands:\n"
        "- &base {name: a, command: echo, help: &h both}\n"
        "- {<<: *base, name: b}\n"
        "- {<<: [{help: first}, *base], name: c}\n"
    )
    assert [(one.name, one.command, one.help) for one in project.commands] == [
        ("a", "echo", "both"),
        ("b", "echo", "both"),
        ("c", "echo", "first"),
    ]


def test_a_snapshots_project_is_read_from_the_snapshot_alone(root: Path) -> None:
    content = {
        ".rayproject/project.yaml": RAY_07.encode(),
        ".rayproject/cluster.yaml": b"provider: {type: local}\n",
        "requirements.txt": b"numpy\n",
    }
    project = load_project_from(SnapshotFiles.of(content, "snapshot one"), root)
    assert (project.name, project.root) == ("open-tacotron", root)
    (root / "requirements.txt").write_text("on disk, but not in the snapshot\n")
    del content["requirements.txt"]
    with pytest.raises(ProjectFileError) as caught:
        load_project_from(SnapshotFiles.of(content, "snapshot one"), root)
    assert str(caught.value) == (
        "snapshot one/.rayproject/project.yaml:6:17: environment.requirements: "
        'file "requirements.txt" does not exist in the project'
    )
