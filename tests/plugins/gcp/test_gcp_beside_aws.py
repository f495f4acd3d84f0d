"""Two clouds as one: where the first has nothing the second is asked, and each reason is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plugins.aws.conftest import LivingEc2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from tests.plugins.gcp.conftest import LivingGce

pytestmark = pytest.mark.timeout(300)  # machines boot, on computers that may be slow

FILES = {"outrig.yaml": "name: demo\ncompute:\n  provider: [aws, gcp]\n"}


@pytest.fixture(scope="module")
def account_without_machines() -> Iterator[LivingEc2]:
    """An account of AWS that has nothing to give."""
    living = LivingEc2(machines=False, period_s=0.01)
    living.rule("RunInstances", code="InsufficientInstanceCapacity", http=500)
    yield living
    living.close()


@pytest.fixture
def ec2(
    account_without_machines: LivingEc2, gce: LivingGce, monkeypatch: pytest.MonkeyPatch
) -> LivingEc2:
    """The same, as the environment's."""
    for name, value in account_without_machines.variables().items():
        monkeypatch.setenv(name, value)
    return account_without_machines


def test_what_aws_has_not_google_may_have(
    ec2: LivingEc2, gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    done = run("session", "start", "--shell", "hostname", timeout_s=120)
    assert done.exit_code == 0, done.err
    assert done.out.startswith("outrig-demo-")
    assert "InsufficientInstanceCapacity" in done.err
    assert ec2.left() == []
    assert run("session", "stop").exit_code == 0
    assert gce.left() == []


def test_when_no_cloud_has_anything_all_reasons_are_told(
    ec2: LivingEc2, gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    zones = {f"us-central1-{zone}": 0 for zone in "abc"}
    gce.ask("capacity", zones)
    done = run("session", "start", timeout_s=120)
    assert done.exit_code == 125
    assert "InsufficientInstanceCapacity" in done.err
    assert "ZONE_RESOURCE_POOL_EXHAUSTED" in done.err
    assert (ec2.left(), gce.left()) == ([], [])
