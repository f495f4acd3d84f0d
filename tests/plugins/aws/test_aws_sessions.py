"""A session on EC2, from start to stop: through real sshd, and nothing is left."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.plugins.living_cloud import DEMO

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from tests.plugins.aws.conftest import LivingEc2

pytestmark = pytest.mark.timeout(300)  # machines boot, on computers that may be slow


def test_a_command_runs_on_an_instance_and_nothing_is_left(
    ec2: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    directory = project(DEMO)
    done = run("session", "start", "train", "--provider", "aws")
    assert (done.exit_code, done.out[:5]) == (3, "on i-"), done.err
    assert (directory / "out/result").read_text() == "42\n"
    (listed,) = json.loads(run("session", "list", "--output", "json").out)
    assert listed["zone"].startswith("us-east-1")
    assert (listed["type"], listed["usd_per_hour"]) == ("m6i.large", 0.096)
    assert 0 <= listed["usd"] < 1
    assert "USD SO FAR" in run("session", "list").out
    assert len(ec2.left()) == 3  # an instance, its disk, its security group
    stopped = run("session", "stop")
    assert stopped.exit_code == 0, stopped.err
    assert ec2.left() == []
