"""The provider `aws`: instances are made for a session, and go with it."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from outrig.api import Resources, remote_python
from outrig.cloud.caller import caller_networks
from outrig.cloud.provider import CloudProvider
from outrig.errors import OutrigError
from outrig_aws.calls import Aws
from outrig_aws.checks import account
from outrig_aws.inventory import Ec2
from outrig_aws.launch import AwsLaunch
from outrig_aws.machine_types import fitting
from outrig_aws.network import let_in
from outrig_aws.prices import Prices
from outrig_aws.settings import AwsSettings
from outrig_aws.user_data import OWN_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.api import Lifetime, Node
    from outrig.cloud.places import Place

FIRST_CONNECT_S = 10.0
ASK_S = 60.0
_READ_KEY = f"import sys; sys.stdout.write(open('{OWN_KEY}.pub').read())"


class AwsProvider(CloudProvider[AwsSettings, Ec2]):
    """Sessions on EC2."""

    settings_type = AwsSettings
    launch_type = AwsLaunch

    @cached_property
    def aws(self) -> Aws:
        """The account's calls."""
        return Aws(self.own)

    @cached_property
    def account(self) -> Ec2:
        """The account."""
        return Ec2(self.aws)

    @cached_property
    def _prices(self) -> Prices:
        return Prices(self.aws)

    def types(self, resources: Resources) -> tuple[str, ...]:
        """Return the instance types to try; raises `CapacityError`."""
        return self.own.instance_type or fitting(resources)

    def regions(self) -> tuple[tuple[str, str], ...]:
        """Return the regions: each is its own scope."""
        return tuple((one, one) for one in self.aws.regions())

    def price(self, place: Place) -> float | None:
        """Return US dollars per hour by AWS's own list."""
        return self._prices.of(place)

    def all_scopes(self) -> tuple[str, ...]:
        """Return all regions of the account."""
        found = self.aws.ec2(self.aws.regions()[0], "describe_regions")["Regions"]
        return tuple(sorted(str(one["RegionName"]) for one in found))

    def introduce(self, node: Node) -> Node:
        """Take the key that the machine made itself, once that has been seen to work."""
        first = self.endpoint(node)
        if node.data["host_key"].startswith("ssh-ed25519 "):
            remote_python(first, "print(1)")
            return node
        told = remote_python(replace(first, keep_s=1.0, connect_s=FIRST_CONNECT_S), _READ_KEY)
        own = " ".join(told.split()[:2])
        if not own.startswith("ssh-ed25519 "):
            return node
        better = replace(node, data={**node.data, "host_key": own})
        remote_python(self.endpoint(better), "print(1)")
        return better

    def let_in(self, node: Node) -> bool:
        """Let our address in, where it is another one than before; tells whether it was.

        AWS is asked about it once in a while at most, as a node may be silent for other reasons.
        """
        session, scope, now = node.data.get("session"), node.data["scope"], time.monotonic()
        if self.own.security_group or not session or now < self._ask_after.get(node.id, now):
            return False
        self._ask_after[node.id] = now + ASK_S
        try:
            networks = caller_networks(self.own, "aws")
            groups = [*self.account.beside(scope, (session,))]
            opened = [let_in(self.aws, scope, one.id, networks) for one in groups]
        except OutrigError:
            return False
        if any(opened):
            self.attendant.say(f"{node.id}: your address is new, {', '.join(networks)} is let in")
        return any(opened)

    @cached_property
    def _ask_after(self) -> dict[str, float]:
        """When a node may be asked about again, by its id; on a clock that only goes on."""
        return {}

    def arm_machine(self, node: Node, limits: Lifetime) -> None:
        """Say what a power-off means from now on; spot instances always end."""
        if node.data.get("spot"):
            return
        self.aws.ec2(
            node.data["scope"],
            "modify_instance_attribute",
            InstanceId=node.id,
            InstanceInitiatedShutdownBehavior={
                "Value": "terminate" if limits.terminate else "stop"
            },
        )

    def check(self) -> Iterator[tuple[str, bool, str]]:
        """Look at credentials, permissions, quotas, network and clock; last comes the policy."""
        yield from account(self.aws, self.own, self.types(Resources())[0])
