"""Which places are tried, why one is passed by, and what stops the trying."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from outrig.api import Resources
from outrig.errors import CapacityError
from outrig_aws.machine_types import architecture, fitting

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from tests.plugins.aws.conftest import LivingEc2

pytestmark = pytest.mark.timeout(300)  # machines boot, on computers that may be slow

FILES = {"outrig.yaml": "name: demo\n"}
START = ("session", "start", "--provider", "aws")


def test_types_are_the_smallest_that_fit() -> None:
    assert fitting(Resources())[0] == "m6i.large"
    assert fitting(Resources(cpu=4, memory_mib=16384))[0] == "m6i.xlarge"
    assert fitting(Resources(memory_mib=900))[0] == "t3.micro"
    assert fitting(Resources(gpu=1, gpu_type="A10G"))[0] == "g5.xlarge"
    assert fitting(Resources(gpu=1, gpu_type="nvidia-a10g"))[0] == "g5.xlarge"
    assert fitting(Resources(gpu=8, gpu_type="H100")) == ("p5.48xlarge",)
    with pytest.raises(CapacityError, match="no type"):
        fitting(Resources(gpu=9))


@pytest.mark.parametrize(
    ("name", "arch"),
    [
        ("m7g.large", "arm64"),
        ("c6gn.large", "arm64"),
        ("a1.large", "arm64"),
        ("t4g.nano", "arm64"),
        ("g5g.xlarge", "arm64"),
        ("g5.xlarge", "x86_64"),
        ("m6i.large", "x86_64"),
    ],
)
def test_the_architecture_is_in_the_family(name: str, arch: str) -> None:
    assert architecture(name) == arch


def _tried(account: LivingEc2) -> list[str]:
    asked = [one["params"] for one in account.log() if one["action"] == "RunInstances"]
    return [
        f"{one['InstanceType']} {one.get('InstanceMarketOptions.MarketType', '')}" for one in asked
    ]


def test_capacity_goes_on_to_the_next_zone_type_and_region(
    account: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    account.ask("capacity", {"t3.micro": 0, "t3.small": 0})
    words = ("--instance-type", "t3.micro,t3.small", "--region", "us-east-1,eu-west-1")
    done = run(*START, *words)
    assert done.exit_code == 125
    assert done.err.count("InsufficientInstanceCapacity") >= 4
    assert "t3.micro in us-east-1a: InsufficientInstanceCapacity" in done.err
    assert "t3.small in eu-west-1a: InsufficientInstanceCapacity" in done.err
    tried = [one.strip() for one in _tried(account)]
    assert {*tried} == {"t3.micro", "t3.small"}
    assert account.left() == []
    assert account.left("eu-west-1") == []


def test_quota_goes_on_to_the_next_provider(
    account: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    account.rule("RunInstances", code="VcpuLimitExceeded", http=400)
    words = ("--provider", "aws,local", "--instance-type", "t3.micro", "--zone", "us-east-1a")
    done = run("session", "start", *words, "--shell", "echo here")
    assert (done.exit_code, done.out) == (0, "here\n"), done.err
    assert "aws us-east-1: RunInstances: VcpuLimitExceeded; going on to local" in done.err
    assert account.left() == []
    account.mend()
    account.rule("RunInstances", code="UnauthorizedOperation", http=403)
    stopped = run("session", "start", *words, "--name", "other", "--shell", "echo here")
    assert (stopped.exit_code, stopped.out) == (125, "")
    assert "UnauthorizedOperation" in stopped.err
    run("session", "stop").checked()
    cleared = run("gc", "--yes").checked()
    assert "aws" not in cleared.err
    assert account.left() == []


@pytest.mark.parametrize(
    ("code", "http", "said"),
    [
        ("UnauthorizedOperation", 403, "doctor --provider aws"),
        ("InvalidParameterValue", 400, "config show"),
        ("ExpiredToken", 400, "log in again"),
        ("OptInRequired", 403, "enable the region"),
    ],
)
def test_what_cannot_be_mended_by_going_on_stops(
    code: str, http: int, said: str, account: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    account.rule("RunInstances", code=code, http=http)
    done = run(*START)
    assert (done.exit_code, len(_tried(account))) == (125, 1)
    errors = [line for line in done.err.splitlines() if "error:" in line]
    assert len(errors) == 1
    assert code in errors[0]
    assert said in done.err
    assert account.left() == []


def test_throttling_is_waited_out(ec2: LivingEc2, run: CommandLine, project: ProjectMaker) -> None:
    project(FILES)
    ec2.rule("RunInstances", code="RequestLimitExceeded", http=503, times=2)
    ec2.rule("DescribeInstances", code="RequestLimitExceeded", http=503, times=1)
    assert run(*START).exit_code == 0
    assert run("session", "stop").exit_code == 0
    assert ec2.left() == []


def test_an_answer_that_is_lost_makes_no_second_instance(
    ec2: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    ec2.rule("RunInstances", after=True, drop=True, times=1)
    assert run(*START).exit_code == 0
    assert sum(" running" in one for one in ec2.left()) == 1
    assert run("session", "stop").exit_code == 0
    assert ec2.left() == []


def test_spot_falls_back_to_on_demand(
    ec2: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    match = {"InstanceMarketOptions.MarketType": "spot"}
    ec2.rule("RunInstances", code="InsufficientInstanceCapacity", http=500, match=match)
    words = ("--spot", "--spot-fallback", "--instance-type", "t3.micro", "--zone", "us-east-1a")
    assert run(*START, *words).exit_code == 0
    assert _tried(ec2) == ["t3.micro spot", "t3.micro "]
    assert run("session", "stop").exit_code == 0


def test_nodes_are_gathered_where_no_place_has_them_all(
    ec2: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    ec2.ask("capacity", {"t3.micro": 1, "t3.small": 1})
    done = run(*START, "--count", "2", "--instance-type", "t3.micro,t3.small")
    assert done.exit_code == 0, done.err
    listed = run("provider", "list-nodes", "--provider", "aws", "--output", "json")
    types = [one["type"] for one in json.loads(listed.out) if one["kind"] == "node"]
    assert sorted(types) == ["t3.micro", "t3.small"]
    assert run("session", "stop").exit_code == 0
    assert ec2.left() == []


def test_a_dry_run_shows_candidates_and_prices_and_makes_nothing(
    account: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    words = ("--dry-run", "--count", "2", "--instance-type", "t3.micro,m5.large")
    done = run(*START, *words)
    assert done.exit_code == 0, done.err
    assert done.out.splitlines()[1:3] == [
        "candidate 1: t3.micro in us-east-1: 0.0208 USD per hour",
        "candidate 2: m5.large in us-east-1: price unknown",
    ]
    assert account.left() == []
    account.rule("GetProducts", service="pricing", code="AccessDenied", http=403)
    again = run(*START, *words)
    assert again.out.splitlines()[1].endswith("0.0208 USD per hour")  # from the day's own copy


def test_what_costs_too_much_is_passed_by(
    account: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    done = run(*START, "--instance-type", "g5.xlarge", "--max-price", "0.5")
    assert done.exit_code == 125
    assert "1.006 USD per hour is over the limit" in done.err
    assert "RunInstances" not in account.calls()
    unknown = run(*START, "--instance-type", "m5.large", "--budget", "5")
    assert "the price is not known, so a budget cannot be kept" in unknown.err
    assert account.left() == []
