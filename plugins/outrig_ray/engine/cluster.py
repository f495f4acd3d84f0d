"""The cluster a provider speaks to: its jobs, its nodes, and patience with its dashboard."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from outrig.api import Provider
from outrig.errors import RemoteError, UnreachableError
from outrig_ray.engine.settings import RaySettings
from outrig_ray.jobs.address import dashboard_address
from outrig_ray.jobs.client import Jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from outrig_ray.jobs.job import Job, NewJob

T = TypeVar("T")
LOOK_S = 0.15
_PATIENCE_STEP_S = 1.0


class OnCluster(Provider):
    """Knows its cluster, and waits for it."""

    settings_type = RaySettings

    @property
    def own(self) -> RaySettings:
        """The settings, as what they are."""
        return self.settings if isinstance(self.settings, RaySettings) else RaySettings()

    @cached_property
    def jobs(self) -> Jobs:
        """The cluster's jobs; raises `UsageError` for an address that is none."""
        return Jobs(dashboard_address(self.own.address, self.own.headers, self.own.verify))

    def patiently(self, call: Callable[[], T]) -> T:
        """Ask again while no dashboard answers, as long as the settings say."""
        deadline, told = time.monotonic() + self.own.patience_s, False
        while True:
            try:
                return call()
            except UnreachableError as err:
                if time.monotonic() >= deadline:
                    raise
                if not told:
                    self.attendant.say(f"{err}; trying again")
                told = True
                self.attendant.pause(_PATIENCE_STEP_S)

    def addresses(self) -> dict[str, str]:
        """Return the address of each node that lives, by its id."""
        answer = self.jobs.dashboard.get("api", "v0", "nodes", query={"limit": 10_000})
        try:
            found = answer["data"]["result"]["result"]
            return {one["node_id"]: one["node_ip"] for one in found if one["state"] == "ALIVE"}
        except (KeyError, TypeError) as err:
            raise RemoteError(f"the Ray dashboard does not tell of its nodes: {err}") from err

    def finished(self, wanted: Iterable[NewJob]) -> list[Job]:
        """Submit jobs of our own, wait for their ends, and return them."""
        ids = [self.jobs.submit(one) for one in wanted]
        return [self.ended(one) for one in ids]

    def ended(self, job_id: str) -> Job:
        """Wait until a job has ended; raises `Interrupted`."""
        while not (job := self.patiently(lambda: self.jobs.job(job_id))).status.ended:
            self.attendant.pause(LOOK_S)
        return job
