"""kill -9 of the client at each of its calls: the next `gc` leaves the account empty."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine, Running
    from outrig.testing.fixtures import ProjectMaker
    from tests.plugins.aws.conftest import LivingEc2

pytestmark = pytest.mark.timeout(300)  # machines boot, on computers that may be slow

FILES = {"outrig.yaml": "name: demo\n"}
START = ("session", "start", "--provider", "aws")
START_CALLS = (
    "DescribeInstances",
    "DescribeSubnets",
    "GetParameter",
    "DescribeImages",
    "DescribeSecurityGroups",
    "CreateSecurityGroup",
    "AuthorizeSecurityGroupIngress",
    "AuthorizeSecurityGroupIngress",
    "RunInstances",
    "GetProducts",
    "DescribeInstances",
)
"""What a start asks until it connects: each call once, and one look at the instances at least."""

STOP_CALLS = (
    "DescribeInstances",
    "DescribeInstances",
    "TerminateInstances",
    "DescribeInstances",
    "DescribeSecurityGroups",
    "DeleteSecurityGroup",
)


def _killed_at(account: LivingEc2, running: Running) -> None:
    """Kill a client once its call hangs that was carried out and not answered."""
    assert account.ask("hanging"), "the call does not come"
    running.send(signal.SIGKILL)
    assert running.wait().exit_code == 137
    account.ask("release")


@pytest.mark.parametrize("number", range(len(START_CALLS)))
def test_a_client_killed_while_it_starts_leaves_nothing(
    number: int, account: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    account.rule(None, service=None, skip=number, hang=True, after=True)
    _killed_at(account, run.start(*START))
    assert tuple(one["action"] for one in account.log()) == START_CALLS[: number + 1]
    cleared = run("gc", "--yes")
    assert cleared.exit_code == 0, cleared.err
    assert account.left() == []
    assert run("gc", "--dry-run").out == ""


@pytest.mark.parametrize("number", range(len(STOP_CALLS)))
def test_a_client_killed_while_it_stops_leaves_nothing(
    number: int, ec2: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    assert run(*START).exit_code == 0
    ec2.log()
    ec2.rule(None, service=None, skip=number, hang=True, after=True)
    _killed_at(ec2, run.start("session", "stop"))
    assert ec2.log()[0]["action"] == STOP_CALLS[0]
    cleared = run("gc", "--yes")
    assert cleared.exit_code == 0, cleared.err
    assert ec2.left() == []


def test_a_killed_start_is_taken_up_by_the_next_one(
    ec2: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    ec2.rule("RunInstances", hang=True, after=True)
    _killed_at(ec2, run.start(*START, "--name", "one"))
    done = run(*START, "--name", "one", "--shell", "echo here")
    assert (done.exit_code, done.out) == (0, "here\n"), done.err
    assert sum(" running" in one for one in ec2.left()) == 1
    assert [one for one in ec2.calls() if one == "RunInstances"] == ["RunInstances"]
    assert run("session", "stop", "one").exit_code == 0
    assert ec2.left() == []
