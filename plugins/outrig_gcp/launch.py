"""Asking Compute Engine for instances: one request per zone, which is all of them or none."""

from __future__ import annotations

import uuid
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from outrig.api import Release
from outrig.cloud.caller import caller_networks
from outrig.cloud.launching import Launch, Launched, token_of
from outrig.cloud.machines import ALIVE, Wanted
from outrig.errors import CapacityError, Interrupted, OutrigError
from outrig_gcp.body import instance_properties
from outrig_gcp.faults import TAKEN, reason_of
from outrig_gcp.images import find_image
from outrig_gcp.inventory import Project
from outrig_gcp.labels import named
from outrig_gcp.network import open_to
from outrig_gcp.settings import GcpSettings
from outrig_gcp.startup import USER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.cloud.machines import Machine
    from outrig.cloud.places import Place
    from outrig_gcp.images import Image

TOKENS = 8
"""How often a request is made anew whose names were used up by instances that are gone."""


class GcpLaunch(Launch[GcpSettings, Project]):
    """The making of one session's instances."""

    hint = "add types, zones or regions (--machine-type, --region), or --spot-fallback"

    @cached_property
    def _zones(self) -> list[str]:
        """The zones of the regions that are to be used, in the order to try."""
        if self.settings.zone:
            return list(self.settings.zone)
        found = self.account.gcp.listed("zones", filter='status = "UP"')
        return sorted(str(one["name"]) for one in found if not one.get("deprecated"))

    @cached_property
    def _images(self) -> dict[str, Image]:
        return {}

    @cached_property
    def _networks(self) -> tuple[str, ...]:
        return caller_networks(self.settings, "gcp")

    def in_zones(self, place: Place) -> Iterator[Place]:
        """Yield a region's zones."""
        for one in self._zones:
            if one.rpartition("-")[0] == place.region:
                yield replace(place, zone=one)

    def ready(self, place: Place) -> None:
        """Find the image, and begin to make the rules that let us in."""
        if place.machine_type not in self._images:
            gcp = self.account.gcp
            self._images[place.machine_type] = find_image(gcp, self.settings, place.machine_type)
        _ = self._begun

    @cached_property
    def _begun(self) -> list[Any]:
        """The operations on firewall rules; they go on while instances are made."""
        if self.settings.network_tag:
            return []
        gcp, request = self.account.gcp, self.request
        return open_to(gcp, self.settings, request, self._networks, self.context)

    def join(self, scope: str) -> None:
        """Let us in: our address may be another one than when the session was started."""
        self._rules_done()

    def _rules_done(self) -> None:
        while self._begun:
            self.account.gcp.wait(self._begun[-1], self.context)
            self._begun.pop()

    def ask(self, place: Place, least: int, most: int, token: str) -> list[Launched]:
        """Ask once; what an earlier, lost request with these names has made is looked at."""
        for _ in range(TOKENS):
            names, error = self._names(token, most), None
            try:
                sure = self._insert(place, least, most, names, token)
            except Interrupted:
                raise  # the engine releases what is there, or comes
            except OutrigError as err:
                sure, error = False, err
            if not sure:
                made = self._there(place, names)
                if len(made) < least:
                    self.account.end(place.scope, made, Release.TERMINATE)
                    if error is not None and reason_of(error) not in TAKEN:
                        raise error
                    token = token_of(token, "again")  # what had its names is gone
                    continue
                names = [one.id for one in made]
            self._rules_done()
            return [self._launched(name, place) for name in names]
        raise CapacityError(f"gcp {place.zone}: insert: names are taken again and again")

    def _names(self, token: str, count: int) -> list[str]:
        first = named(self.request.tags)
        return [f"{first}-{token[:10]}-{number}" for number in range(count)]

    def _there(self, place: Place, names: list[str]) -> list[Machine]:
        listing = self.account.machines(place.scope, Wanted(ids=tuple(names)))
        return [one for one in listing.machines if one.state in ALIVE and one.zone == place.zone]

    def _insert(self, place: Place, least: int, most: int, names: list[str], token: str) -> bool:
        """Make instances; returns whether it is certain that these are there, all of them."""
        body = {
            "count": str(most),
            "minCount": str(least),
            "perInstanceProperties": {name: {} for name in names},
            "instanceProperties": self._properties(place),
        }
        gcp, path = self.account.gcp, f"zones/{place.zone}/instances/bulkInsert"
        operation = gcp.post(path, body, request_id=str(uuid.UUID(token[:32], version=4)))
        old = operation["status"] == "DONE"  # that of an earlier request with this id
        gcp.wait(operation, self.context)
        return least == most and not old

    def _properties(self, place: Place) -> dict[str, Any]:
        life = self.lifetime(self.price(place) if self.settings.budget is not None else None)
        image = self._images[place.machine_type]
        return instance_properties(
            self.account.gcp, self.settings, place, image, life, self.request
        )

    def _launched(self, name: str, place: Place) -> Launched:
        return Launched(
            id=name,
            scope=place.scope,
            zone=place.zone,
            user=self.settings.user or USER,
            price=self.price(place),
        )
