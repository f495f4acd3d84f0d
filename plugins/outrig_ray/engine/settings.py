"""The settings of the provider `ray`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from outrig.api import Settings, setting


@dataclass(frozen=True, kw_only=True)
class RaySettings(Settings):
    """Which cluster, and what a run takes of it when nobody says."""

    short_flags: ClassVar[tuple[str, ...]] = ("address",)

    address: str | None = setting(
        None,
        help="the cluster's dashboard, as http://ray.example:8265",
        env="RAY_API_SERVER_ADDRESS",
    )
    headers: str | None = setting(
        None, help="sent with every request, as JSON", env="RAY_JOB_HEADERS", secret=True
    )
    verify: str | None = setting(None, help="true, false, or the file of trusted certificates")
    cpus: float = setting(1.0, help="CPUs of a run that does not say how many it takes")
    resources: str | None = setting(
        None, help="the cluster's own resources that each run takes, as JSON"
    )
    at_once: int = setting(
        64, help="how many runs of a session wait in Ray's queue at once; further ones wait here"
    )
    patience_s: float = setting(
        60.0, help="how long a dashboard that does not answer is asked again", unit="seconds"
    )
