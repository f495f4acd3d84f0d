"""Where machines can be had, in the order to try."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.model.node import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrig.cloud.settings import CloudSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One way to get machines: where, of what type, at whose mercy.

    `zone`, `subnet` and `network` are empty until the cloud was asked for its zones.
    """

    provider: str
    scope: str
    region: str
    machine_type: str
    spot: bool
    zone: str = ""
    subnet: str = ""
    network: str = ""

    @property
    def where(self) -> str:
        """The zone, or the region while it is not known."""
        return self.zone or self.region

    @property
    def label(self) -> str:
        """How it is called in messages."""
        return f"{self.machine_type} in {self.where}{', spot' if self.spot else ''}"

    @property
    def candidate(self) -> Candidate:
        """The place as plans show it."""
        return Candidate(
            provider=self.provider,
            zone=self.where,
            instance_type=self.machine_type,
            spot=self.spot,
        )


def kinds(settings: CloudSettings) -> tuple[bool, ...]:
    """Return whether to take spot machines (true), on-demand ones, or the one before the other."""
    if not settings.spot:
        return (False,)
    return (True, False) if settings.spot_fallback else (True,)


def planned(
    provider: str,
    regions: Sequence[tuple[str, str]],
    types: Sequence[str],
    settings: CloudSettings,
) -> Iterator[Place]:
    """Yield the places to try, before their zones are known; `regions` are (scope, region)."""
    for spot in kinds(settings):
        for scope, region in regions:
            for name in types:
                yield Place(
                    provider=provider, scope=scope, region=region, machine_type=name, spot=spot
                )
