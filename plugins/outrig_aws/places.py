"""Where nodes can be had, in the order to try."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outrig.api import Candidate
from outrig_aws.machine_types import fitting
from outrig_aws.network import Subnet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrig.api import Resources
    from outrig_aws.settings import AwsSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One way to get nodes: where, of what type, at whose mercy."""

    region: str
    machine_type: str
    spot: bool
    subnet: Subnet | None = None

    @property
    def in_subnet(self) -> Subnet:
        """The subnet, once zones are known."""
        if self.subnet is None:
            raise ValueError("its zone is not known yet")
        return self.subnet

    @property
    def label(self) -> str:
        """How it is called in messages."""
        where = self.region if self.subnet is None else self.subnet.zone
        return f"{self.machine_type} in {where}{', spot' if self.spot else ''}"

    @property
    def candidate(self) -> Candidate:
        """The place as plans show it."""
        return Candidate(
            provider="aws",
            zone=self.region if self.subnet is None else self.subnet.zone,
            instance_type=self.machine_type,
            spot=self.spot,
        )


def kinds(settings: AwsSettings) -> tuple[bool, ...]:
    """Return whether to take spot instances (true), on-demand ones, or the one before the other."""
    if not settings.spot:
        return (False,)
    return (True, False) if settings.spot_fallback else (True,)


def wanted_types(settings: AwsSettings, resources: Resources) -> tuple[str, ...]:
    """Return the types to try: those named, else those that fit; raises `CapacityError`."""
    return settings.instance_type or fitting(resources)


def in_region(region: str, types: Sequence[str], *, spot: bool) -> Iterator[Place]:
    """Yield the places of a region, before its zones are known."""
    for name in types:
        yield Place(region=region, machine_type=name, spot=spot)


def in_zones(place: Place, found: Sequence[Subnet]) -> Iterator[Place]:
    """Yield a place's zones."""
    for one in found:
        yield replace(place, subnet=one)
