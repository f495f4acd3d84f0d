"""Daft's clusters on EC2, and those that others made there: the guide's own output of `list`.

A program called `raylet` stands for Ray, which `test_living_daft` has.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.testing.machines import make_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.testing.command_line import CommandLine
    from tests.plugins.aws.conftest import LivingEc2

LIMIT_S = 60
FILE = """\
[setup]
name = "NAME"
provider = "aws"
region = "us-east-1"
number_of_workers = 1
instance_type = "t3.micro"
image_id = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"
[run]
pre_setup_commands = ['''
mkdir -p ~/.venv/bin ~/.local/bin; cd ~/.venv/bin
ln -sf "$(command -v python3)" python; echo 'PATH=~/.venv/bin:$PATH' > activate
printf '#!/bin/sh\\n[ "$1" = start ] || exit 0\\n(~/raylet 3600 >/dev/null 2>&1 &)\\n' > ray
printf '#!/bin/sh\\n' > ~/.local/bin/uv; cp /bin/sleep ~/raylet; chmod 755 ray ~/.local/bin/uv
''']
"""
LINE = r"  - {name}, {role}, i-[0-9a-f]{{17}}(, \d+\.\d+\.\d+\.\d+)?\n"


def block(state: str, *nodes: tuple[str, str]) -> str:
    """Return the pattern of a block of the list."""
    lines = (LINE.format(name=re.escape(name), role=role) for name, role in nodes)
    return f"{state}:\n{''.join(lines)}"


def foreign(ec2: LivingEc2, region: str, name: str) -> list[str]:
    """Make a cluster as `ray up` and daft-launcher make them; returns the instances' ids."""
    client = ec2.client(region)
    image = client.describe_images()["Images"][0]["ImageId"]
    made = []
    for role in ("head", "worker"):
        tags = {"ray-cluster-name": name, "ray-node-type": role, "Name": f"ray-{name}-{role}"}
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        answer = client.run_instances(
            ImageId=image,
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": listed}],
        )
        made.append(str(answer["Instances"][0]["InstanceId"]))
    return made


def states(ec2: LivingEc2, region: str, ids: list[str]) -> set[str]:
    """Return the states of instances."""
    found = ec2.client(region).describe_instances(InstanceIds=ids)["Reservations"]
    return {one["State"]["Name"] for group in found for one in group["Instances"]}


def until_all_is_gone(ec2: LivingEc2, run: CommandLine) -> None:
    """Wait for what `down` has left to a process in the background."""
    deadline = time.monotonic() + LIMIT_S
    while run("session", "list", "--output", "json").records() or aside():
        assert time.monotonic() < deadline, ec2.left()
        time.sleep(0.1)


def aside() -> list[str]:
    """Return the processes in the background that take a cluster of this test's down."""
    home = os.environ["OUTRIG_HOME"]
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (one / "cmdline").read_bytes().split(b"\0")
            if b"down" in words and home.encode() in (one / "environ").read_bytes():
                found.append(one.name)
    return found


@pytest.fixture
def work(run: CommandLine, ec2: LivingEc2, tmp_path: Path) -> Iterator[Path]:
    """The directory that commands run in."""
    run.directory = tmp_path
    yield tmp_path
    for row in run("daft", "list", "--head", "--running", "--output", "json").records():
        run("daft", "kill", str(row["cluster"]))
        until_all_is_gone(ec2, run)


@pytest.mark.timeout(300)
def test_the_guides_lists_and_keys(ec2: LivingEc2, run: CommandLine, work: Path) -> None:
    (work / ".daft.toml").write_text(FILE.replace("NAME", "daft-demo"))
    key, wrong = make_key(work / "my-keypair.pem"), make_key(work / "wrong.pem")
    up = run("daft", "up", "-i", str(key), timeout_s=150).checked()
    assert re.fullmatch(r"Head node IP: \d+\.\d+\.\d+\.\d+\n", up.out)
    listed = run("daft", "list").checked().out
    both = (("daft-demo", "head"), ("daft-demo", "worker"))
    assert re.fullmatch(block("Running", *both), listed), listed
    refused = run("daft", "connect", "-i", str(wrong), "--no-dashboard")
    assert (refused.exit_code, "may not log in to daft-demo" in refused.err) == (5, True)
    taken = run("daft", "submit", "-i", str(key), "-w", "nowhere", "ls")
    assert "there is no directory nowhere" in taken.err
    ids = foreign(ec2, "us-east-1", "new-cluster")
    elsewhere = foreign(ec2, "eu-west-1", "far")
    listed = run("daft", "list").checked().out
    new = (("new-cluster", "head"), ("new-cluster", "worker"))
    assert re.fullmatch(block("Running", *both, *new), listed), listed
    assert "far" in run("daft", "list", "--all-regions", "--head").checked().out
    assert run("daft", "list", "--region", "eu-west-1", "far").checked().out.count("far") == 2
    (work / ".daft.toml").unlink()
    run("daft", "down", "new-cluster").checked()
    assert states(ec2, "us-east-1", ids) <= {"shutting-down", "terminated"}
    assert states(ec2, "eu-west-1", elsewhere) == {"running"}
    ec2.rule("DeleteSecurityGroup", code="DependencyViolation", http=400)
    down = run("daft", "down", "daft-demo").checked()
    assert "daft-demo is TERMINATING" in down.err, "its group is there still"
    ec2.mend()
    until_all_is_gone(ec2, run)
    listed = run("daft", "list").checked().out
    ended = block("Terminated", *both, *new)
    assert re.fullmatch(
        f"{ended}|{block('Shutting-down', *new)}{block('Terminated', *both)}", listed
    )
    assert [one for one in ec2.left() if not one.startswith("i-")] == []
