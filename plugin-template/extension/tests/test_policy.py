"""The policy keeps Outrig's contract, refuses what it must and tags the rest."""

from __future__ import annotations

import pytest
from acme_cloud.policy import AcmePolicy, AcmeSettings

from outrig.api import Candidate, Plan
from outrig.errors import PolicyError
from outrig.testing.extensions import ExtensionContract
from outrig.testing.memory import MemoryContext

PROJECT = {"name": "demo", "commands": [{"name": "hello", "command": "echo hello"}]}
START = ("session", "start", "hello", "--dry-run")


@pytest.fixture
def extension() -> AcmePolicy:
    return AcmePolicy(AcmeSettings())


class TestAcmePolicy(ExtensionContract):
    """The contract of extensions."""


@pytest.mark.parametrize(
    "plan",
    [
        Plan(session_name="s", project_name="p", provider="cloud", settings={"region": "us-1"}),
        Plan(
            session_name="s",
            project_name="p",
            provider="cloud",
            candidates=(Candidate(provider="cloud", zone="us-1b"),),
        ),
    ],
)
def test_a_forbidden_region_is_refused(extension: AcmePolicy, plan: Plan) -> None:
    with pytest.raises(PolicyError, match=r"us-1b? is not allowed by Acme"):
        extension.review_plan(plan, MemoryContext())


def test_every_start_is_booked(run, project) -> None:
    project({"outrig.yaml": PROJECT})
    assert "tags: cost-centre=4711\n" in run(*START).checked().out
    run("config", "set", "extensions.acme.cost_centre", "0815").checked()
    assert "tags: cost-centre=0815\n" in run(*START).checked().out
