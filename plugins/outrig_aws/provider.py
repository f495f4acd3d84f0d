"""The provider `aws`: instances are made for a session, and go with it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from outrig.api import (
    FOR_EVER,
    NAME_TAG,
    SESSION_TAG,
    Inventory,
    Kept,
    Lifetime,
    NodeProvider,
    OwnsResources,
    Price,
    Release,
    ReleaseReport,
    Resources,
    WithCheck,
    WithOwnLifetime,
    WithPrices,
    parse_limit_s,
    remote_python,
)
from outrig.errors import OutrigError, RemoteError
from outrig_aws.calls import Aws, filters
from outrig_aws.checks import account
from outrig_aws.inventory import instances, node_of, others, wanted_by, why_ended
from outrig_aws.launch import Launch, bounded
from outrig_aws.machine_types import fitting
from outrig_aws.nodes import endpoint_of
from outrig_aws.places import Place, in_region, kinds, wanted_types
from outrig_aws.prices import Prices
from outrig_aws.provisioning import Provisioning
from outrig_aws.removing import Removal
from outrig_aws.settings import AwsSettings
from outrig_aws.user_data import LATER_LIMITS, limits_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrig.api import (
        Candidate,
        Context,
        Endpoint,
        EnvironmentSource,
        Node,
        NodeQuery,
        ProvisionRequest,
        ResourceRef,
    )

_WRITE = (
    "import os,sys; p=os.path.join(os.path.expanduser('~'), sys.argv[1]); "
    "f=open(p+'.new','w'); f.write(sys.argv[2]); f.close(); os.rename(p+'.new', p); print('ok')"
)


class AwsProvider(NodeProvider, WithCheck, WithOwnLifetime, WithPrices, OwnsResources):
    """Sessions on EC2; everything that is made carries owner tags and is found again by them."""

    settings_type = AwsSettings

    @property
    def own(self) -> AwsSettings:
        """The settings, as what they are."""
        return self.settings if isinstance(self.settings, AwsSettings) else AwsSettings()

    @cached_property
    def aws(self) -> Aws:
        """The account."""
        return Aws(self.own)

    @cached_property
    def price_list(self) -> Prices:
        """What things cost."""
        return Prices(self.aws)

    @cached_property
    def _told(self) -> dict[str, str]:
        """The limits that nodes were launched with by this process."""
        return {}

    def own_lifetime(self) -> Lifetime:
        """A session that is idle ends: it costs money."""
        idle_s = parse_limit_s(self.own.idle)
        return FOR_EVER if idle_s is None else Lifetime(idle_s=idle_s)

    def provision(self, request: ProvisionRequest, context: Context) -> tuple[Node, ...]:
        """Make instances, or start those that were kept, and wait until they can be used.

        Raises `CapacityError` with the reason of every place that was tried.
        """
        tags = {SESSION_TAG: request.session_id, NAME_TAG: request.session_name, **request.tags}
        request = replace(request, tags=tags)
        work = Provisioning(Launch(self.aws, self.own, self.price_list, request, context))
        nodes = work.run(lambda found, action: self.on_each(found, action))
        for node in nodes:
            self._told[node.id] = work.limits.get(node.id, "")
        return nodes

    def list_nodes(self, query: NodeQuery, context: Context) -> Inventory:
        """Return instances and everything else with owner tags; a region that refuses is named."""
        nodes: list[Node] = []
        resources: list[ResourceRef] = []
        silent: list[str] = []
        refused: OutrigError | None = None
        scopes = self._all_regions() if query.scopes == ("*",) else query.scopes
        wanted = wanted_by(query)
        for region in scopes or self.aws.regions():
            context.check_cancelled()
            try:
                nodes += [node_of(one, region) for one in instances(self.aws, region, wanted)]
                resources += others(self.aws, region, wanted)
            except OutrigError as err:
                silent.append(region)
                refused = err
        if refused is not None and len(silent) == len(scopes or self.aws.regions()):
            raise refused
        return Inventory(
            nodes=tuple(nodes),
            resources=tuple(resources),
            scopes_asked=tuple(scopes or self.aws.regions()),
            scopes_not_asked=tuple(silent),
        )

    def _all_regions(self) -> tuple[str, ...]:
        found = self.aws.ec2(self.aws.regions()[0], "describe_regions")["Regions"]
        return tuple(sorted(str(one["RegionName"]) for one in found))

    def release(
        self, targets: tuple[ResourceRef, ...], how: Release, context: Context
    ) -> ReleaseReport:
        """Terminate, or with `KEEP` stop, and remove what was made beside."""
        released: list[ResourceRef] = []
        failed: list[tuple[ResourceRef, str]] = []
        default = self.aws.regions()[0] if any(not one.scope for one in targets) else ""
        for region in dict.fromkeys(one.scope or default for one in targets):
            part = [one for one in targets if (one.scope or default) == region]
            work = Removal(self.aws, region, context, self.own.poll_s, self.own.ready_s)
            report = work.run(part, how)
            released += report.released
            failed += report.failed
        return ReleaseReport(released=tuple(released), failed=tuple(failed))

    def endpoint(self, node: Node) -> Endpoint:
        """Return how to log in to a node."""
        if not node.data.get("host_key"):
            raise RemoteError(f"{node.id}: its host key is not known, so it is not trusted")
        return endpoint_of(node, self.own)

    def kept(self, node: Node) -> Kept:
        """Return that a session has ended where its instance has: idle, over age, taken back."""
        asked = filters(instance_id=node.id)
        pages = self.aws.pages(
            node.data["scope"], "describe_instances", "Reservations", Filters=asked
        )
        found = [one for group in pages for one in group["Instances"]]
        reason = why_ended(found[0]) if found else "its instance is gone"
        session = node.data.get("session", "")
        return Kept() if reason is None else Kept(ended={session: reason})

    def end_session(self, session_id: str, nodes: tuple[Node, ...], grace_s: float) -> None:
        """End it on nodes that this process is connected to: all of them go as a whole anyway."""
        for node in nodes:
            if node.id in self._clients:
                with suppress(RemoteError):
                    super().end_session(session_id, (node,), grace_s)

    def check_environment(self, source: EnvironmentSource) -> None:
        """Leave it to `prepare`: there are no nodes yet."""

    def check_resources(self, resources: Resources) -> None:
        """Raise `CapacityError` when no type has what is asked for."""
        if not self.own.instance_type:
            fitting(resources)

    def candidates(self, resources: Resources) -> tuple[Candidate, ...]:
        """Return the types in each region, in the order to try."""
        types = wanted_types(self.own, resources)
        return tuple(
            place.candidate
            for spot in kinds(self.own)
            for region in self.aws.regions()
            for place in in_region(region, types, spot=spot)
        )

    def prices(self, candidates: Sequence[Candidate]) -> Sequence[Price | None]:
        """Return what candidates cost, by AWS's own list."""
        found: list[Price | None] = []
        for one in candidates:
            if one.zone is None or one.instance_type is None:
                found.append(None)
                continue
            place = Place(region=one.zone, machine_type=one.instance_type, spot=one.spot)
            usd = self.price_list.of(place)
            found.append(None if usd is None else Price(candidate=one, usd_per_hour=usd))
        return found

    def arm(self, session_id: str, nodes: Sequence[Node], lifetime: Lifetime) -> None:
        """Tell the nodes' own timers, which work without us; those just launched know already."""
        for node in nodes:
            price = float(node.data.get("price") or 0) or None
            limits = bounded(lifetime, self.own.budget, price, len(nodes))
            text = limits_text(limits) + str(limits.terminate)
            if self._told.get(node.id) != text:
                self._arm(node, limits)
                self._told[node.id] = text

    def _arm(self, node: Node, limits: Lifetime) -> None:
        remote_python(self.endpoint(node), _WRITE, LATER_LIMITS, limits_text(limits))
        if not node.data.get("spot"):
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
        yield from account(self.aws, self.own, Resources())
