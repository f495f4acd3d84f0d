"""The provider `aws`: instances are made for a session, and go with it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from outrig.api import (
    FOR_EVER,
    Inventory,
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
from outrig_aws.calls import Aws
from outrig_aws.checks import account
from outrig_aws.inventory import instances, node_of, others, wanted_by
from outrig_aws.launch import bounded
from outrig_aws.machine_types import fitting
from outrig_aws.nodes import endpoint_of
from outrig_aws.places import Place, kinds
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
        work = Provisioning(self.aws, self.own, self.price_list, request, context)
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

    def end_session(self, session_id: str, nodes: tuple[Node, ...], grace_s: float) -> None:
        """Do nothing: the nodes are the session's own, and go with all that is on them."""

    def check_environment(self, source: EnvironmentSource) -> None:
        """Leave it to `prepare`: there are no nodes yet."""

    def check_resources(self, resources: Resources) -> None:
        """Raise `CapacityError` when no type has what is asked for."""
        if not self.own.instance_type:
            fitting(resources)

    def prices(self, candidates: Sequence[Candidate]) -> Sequence[Price | None]:
        """Return what candidates cost; those of this provider alone name what is tried first."""
        found: list[Price | None] = []
        for one in candidates:
            kind = one.instance_type or (self.own.instance_type or fitting(Resources()))[0]
            region = (one.zone or self.aws.regions()[0]).rstrip("abcdef")
            place = Place(region=region, machine_type=kind, spot=one.spot or kinds(self.own)[0])
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
