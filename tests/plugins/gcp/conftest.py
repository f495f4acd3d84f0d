"""A living Compute Engine for the tests, and a machine for each instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.plugins.living_cloud import LivingCloud, given, why_no_machines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class LivingGce(LivingCloud):
    """Our end of it; actions are named as `instances.start`."""

    module = "tests.plugins.gcp.living"

    @property
    def project(self) -> str:
        """The project that it has."""
        return self.found["project"]

    def calls(self) -> list[str]:
        """Return the names of the calls since the last time."""
        return [str(one["action"]) for one in self.log()]

    def call(self, method: str, body: object = None, **params: str) -> Any:
        """Call a method of the API from outside, past rules and log."""
        given = {"project": self.project, **params}
        return self.ask("call", {"method": method, "params": given, "body": body or {}})

    def left(self) -> list[str]:
        """Return what there is in the project that costs, or that we made."""
        found: list[str] = self.ask("left")
        return found

    def instance(self) -> str:
        """Return the name of the one instance."""
        (found,) = [one.split()[0] for one in self.left() if "/" not in one]
        return found

    def variables(self) -> dict[str, str]:
        """Return what leads a client here."""
        return {
            "GOOGLE_APPLICATION_CREDENTIALS": self.found["key"],
            # google-auth asks Google about service accounts, in the background; not from here.
            "HTTPS_PROXY": self.endpoint,
            "NO_PROXY": "127.0.0.1",
            "OUTRIG_GCP_ENDPOINT": self.endpoint,
            "OUTRIG_GCP_ADDRESS_SERVICE": f"{self.endpoint}/_living/address",
            "OUTRIG_GCP_CONFIG_FILE": self.config,
            "OUTRIG_GCP_POLL_S": "0.1",
            "OUTRIG_GCP_READY_S": "60",
            "CLOUDSDK_COMPUTE_REGION": "us-central1",
        }


def _empty(living: LivingGce, monkeypatch: pytest.MonkeyPatch) -> Iterator[LivingGce]:
    for name in ("GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    yield from given(living, monkeypatch)


@pytest.fixture(scope="session")
def gce_machines_of_all() -> Iterator[LivingGce]:
    """The project of tests that use machines."""
    if why := why_no_machines():
        pytest.skip(why)
    living = LivingGce(machines=True, period_s=0.05)
    yield living
    living.close()


@pytest.fixture(scope="session")
def gce_project_of_all() -> Iterator[LivingGce]:
    """The project of tests that need no machines."""
    living = LivingGce(machines=False, period_s=0.01)
    yield living
    living.close()


@pytest.fixture
def gce(
    gce_machines_of_all: LivingGce, away_from_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LivingGce]:
    """An empty project in which every instance is a machine."""
    yield from _empty(gce_machines_of_all, monkeypatch)


@pytest.fixture
def records(
    gce_project_of_all: LivingGce, away_from_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LivingGce]:
    """An empty project in which instances are only records."""
    yield from _empty(gce_project_of_all, monkeypatch)
