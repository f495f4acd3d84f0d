"""The provider `gcp`: instances are made for a session, and go with it."""

from __future__ import annotations

import base64
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from outrig.api import Resources, remote_python
from outrig.cloud.provider import CloudProvider
from outrig.errors import AuthError, ConfigError, OutrigError, RemoteError
from outrig_gcp.calls import Gcp
from outrig_gcp.checks import account
from outrig_gcp.faults import is_missing
from outrig_gcp.inventory import Project
from outrig_gcp.launch import GcpLaunch
from outrig_gcp.machine_types import fitting
from outrig_gcp.prices import Prices
from outrig_gcp.settings import GcpSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.api import Node
    from outrig.cloud.places import Place

FIRST_CONNECT_S = 10.0
HOST_KEY = "ssh-ed25519"


class GcpProvider(CloudProvider[GcpSettings, Project]):
    """Sessions on Compute Engine."""

    settings_type = GcpSettings
    launch_type = GcpLaunch

    @cached_property
    def gcp(self) -> Gcp:
        """The project's calls."""
        return Gcp(self.own)

    @cached_property
    def account(self) -> Project:
        """The project."""
        return Project(self.gcp)

    @cached_property
    def _prices(self) -> Prices:
        return Prices(self.gcp)

    @cached_property
    def _seen(self) -> dict[str, str]:
        """Host keys that were read, by node."""
        return {}

    def types(self, resources: Resources) -> tuple[str, ...]:
        """Return the machine types to try; raises `CapacityError`."""
        return self.own.machine_type or fitting(resources)

    def regions(self) -> tuple[tuple[str, str], ...]:
        """Return the regions, all in one scope: the project."""
        return tuple((self.gcp.project, one) for one in self.gcp.regions)

    def price(self, place: Place) -> float | None:
        """Return US dollars per hour by Google's own list."""
        return self._prices.of(place)

    def introduce(self, node: Node) -> Node:
        """Log in with the host key that the machine published, as only it and we can see."""
        key = node.data.get("host_key") or self._seen.get(node.id) or self._published(node)
        self._seen[node.id] = key
        known = replace(node, data={**node.data, "host_key": key})
        first = replace(self.endpoint(known), connect_s=FIRST_CONNECT_S)
        remote_python(first, "print(1)")
        return known

    def _published(self, node: Node) -> str:
        """Return the host key in the guest attributes; raises `RemoteError` until it is there."""
        scope, zone = node.data["scope"], node.data["zone"]
        path = f"projects/{scope}/zones/{zone}/instances/{node.id}/getGuestAttributes"
        try:
            found = self.gcp.get(path, queryPath="hostkeys/")
        except AuthError as err:  # the machine's own refusals are waited out, this is none
            raise ConfigError(str(err), hint=err.hint) from err
        except OutrigError as err:
            if not is_missing(err):
                raise
            found = {}
        for one in found.get("queryValue", {}).get("items", ()):
            if one.get("key") == HOST_KEY:
                return f"{HOST_KEY} {_plain(str(one['value']))}"
        raise RemoteError(
            f"gcp {zone}: {node.id} has not published its host key",
            hint="its image needs Google's guest agent, and guest attributes must be allowed",
        )

    def check(self) -> Iterator[tuple[str, bool, str]]:
        """Look at credentials, API, permissions, quotas, network and clock; last, the role."""
        yield from account(self.gcp, self.own, self.types(Resources())[0])


def _plain(text: str) -> str:
    """Return the key's Base64, which the agent writes with a comment or without."""
    found = text.split()[0] if text.split() else ""
    base64.b64decode(found, validate=True)
    return found
