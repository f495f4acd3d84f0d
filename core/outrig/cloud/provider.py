"""The base of providers whose nodes are machines of a cloud, made for a session."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic, cast

from outrig.cloud.ending import LATER_LIMITS, bounded, limits_text, told
from outrig.cloud.groups import groups_of
from outrig.cloud.launching import A, Launch, S
from outrig.cloud.machines import ALIVE, Machine, MachineState, Wanted
from outrig.cloud.node_config import own_tags
from outrig.cloud.places import Place, planned
from outrig.cloud.provisioning import Provisioning
from outrig.cloud.removing import Removal
from outrig.durations import parse_limit_s
from outrig.errors import OutrigError, RemoteError
from outrig.interfaces import OwnsResources, WithCheck, WithOwnLifetime, WithPrices
from outrig.model.node import FOR_EVER, Endpoint, Inventory, Kept, Lifetime, Price, ReleaseReport
from outrig.node.provider import NodeProvider
from outrig.state.owner import NAME_TAG, SESSION_TAG
from outrig.transport.keys import login_key
from outrig.transport.question import remote_python

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrig.interfaces import Context
    from outrig.model.node import (
        Candidate,
        Node,
        NodeQuery,
        ProvisionRequest,
        Release,
        ResourceRef,
    )
    from outrig.model.resources import Resources
    from outrig.model.run import EnvironmentSource

_WRITE = (
    "import os,sys; p=os.path.join(os.path.expanduser('~'), sys.argv[1]); "
    "f=open(p+'.new','w'); f.write(sys.argv[2]); f.close(); os.rename(p+'.new', p); print('ok')"
)


class CloudProvider(
    NodeProvider, WithCheck, WithOwnLifetime, WithPrices, OwnsResources, ABC, Generic[S, A]
):
    """Everything that is made carries owner tags and is found again by them.

    A subclass says what its account is, what types and regions there are, what machines cost and
    how one shows who it is; `settings_type` are its settings, `launch_type` asks for machines.
    """

    launch_type: ClassVar[type[Launch[Any, Any]]]

    @property
    def own(self) -> S:
        """The settings, as what they are."""
        given = self.settings if isinstance(self.settings, self.settings_type) else None
        return cast("S", given or self.settings_type())

    @cached_property
    @abstractmethod
    def account(self) -> A:
        """The account."""

    @abstractmethod
    def introduce(self, node: Node) -> Node:
        """Log in once to a new node and return it with its host key; raises `OutrigError`."""

    @abstractmethod
    def types(self, resources: Resources) -> tuple[str, ...]:
        """Return the types to try: those named, else those that fit; raises `CapacityError`."""

    @abstractmethod
    def regions(self) -> tuple[tuple[str, str], ...]:
        """Return the regions to try, in order, each as (scope, region)."""

    @abstractmethod
    def price(self, place: Place) -> float | None:
        """Return US dollars per hour, `None` where it is not known."""

    def all_scopes(self) -> tuple[str, ...]:
        """Return wherever the account may have something."""
        return self.account.scopes()

    def arm_machine(self, node: Node, limits: Lifetime) -> None:
        """Tell the cloud what it enforces itself; the machine's own timer knows already."""

    @cached_property
    def _told(self) -> dict[str, str]:
        """The limits that nodes were launched with by this process."""
        return {}

    def own_lifetime(self) -> Lifetime:
        """A session that is idle ends: it costs money."""
        idle_s = parse_limit_s(self.own.idle)
        return FOR_EVER if idle_s is None else Lifetime(idle_s=idle_s)

    def provision(self, request: ProvisionRequest, context: Context) -> tuple[Node, ...]:
        """Make machines, or start those that were kept, and wait until they can be used.

        Raises `CapacityError` with the reason of every place that was tried.
        """
        tags = {SESSION_TAG: request.session_id, NAME_TAG: request.session_name, **request.tags}
        request = replace(request, tags=tags)
        first, *others = groups_of(self.own, request.count, self.account.name)
        work = Provisioning(
            self._launch(first.settings, request, context),
            self.introduce,
            [(one.count, self._launch(one.settings, request, context)) for one in others],
        )
        nodes = work.run(lambda found, action: self.on_each(found, action))
        for node in nodes:
            self._told[node.id] = work.limits.get(node.id, "")
        return nodes

    def _launch(self, own: S, request: ProvisionRequest, context: Context) -> Launch[S, A]:
        return self.launch_type(
            self.account,
            own,
            replace(request, tags={**own_tags(own.tags, self.account.name), **request.tags}),
            context,
            places=lambda: self.planned(request.resources, own),
            price=self.price,
        )

    def list_nodes(self, query: NodeQuery, context: Context) -> Inventory:
        """Return machines and everything else with owner tags; a scope that refuses is named."""
        nodes: list[Node] = []
        resources: list[ResourceRef] = []
        silent: list[str] = []
        refused: list[OutrigError] = []
        scopes = self.all_scopes() if query.scopes == ("*",) else query.scopes
        scopes, wanted = scopes or self.account.scopes(), Wanted.by(query)
        for scope in scopes:
            context.check_cancelled()
            try:
                listing = self.account.machines(scope, wanted, ended=query.tag is not None)
                nodes += [one.node(self.account.name) for one in listing.machines]
                silent += listing.silent
                if query.tag is None:
                    resources += self.account.others(scope, wanted)
            except OutrigError as err:
                silent.append(scope)
                refused.append(err)
        if refused and len(refused) == len(scopes):
            raise refused[-1]
        return Inventory(
            nodes=tuple(nodes),
            resources=tuple(resources),
            scopes_asked=tuple(scopes),
            scopes_not_asked=tuple(silent),
        )

    def release(
        self, targets: tuple[ResourceRef, ...], how: Release, context: Context
    ) -> ReleaseReport:
        """End, or with `KEEP` stop, and remove what was made beside."""
        released: list[ResourceRef] = []
        failed: list[tuple[ResourceRef, str]] = []
        default = self.account.scopes()[0] if any(not one.scope for one in targets) else ""
        for scope in dict.fromkeys(one.scope or default for one in targets):
            part = [one for one in targets if (one.scope or default) == scope]
            work = Removal(self.account, scope, context, self.own.poll_s, self.own.ready_s)
            report = work.run(part, how)
            released += report.released
            failed += report.failed
        return ReleaseReport(released=tuple(released), failed=tuple(failed))

    def endpoint(self, node: Node) -> Endpoint:
        """Return how to log in to a node, which must have shown who it is."""
        if not node.data.get("host_key"):
            raise RemoteError(f"{node.id}: its host key is not known, so it is not trusted")
        return Endpoint(
            host=node.address,
            user=node.data.get("user") or self.own.user,
            key_file=login_key().path,
            host_keys=(node.data["host_key"],),
            jump=self.own.jump,
            python="python3",
            transport=self.own.transport,
            config_file=self.own.config_file,
        )

    def kept(self, node: Node) -> Kept:
        """Return that a session has ended where its machine has: idle, over age, taken back."""
        listing = self.account.machines(node.data["scope"], Wanted(ids=(node.id,)), ended=True)
        if listing.silent and not listing.machines:
            return Kept()
        gone = Machine(
            id=node.id,
            scope=node.data["scope"],
            zone=node.data.get("zone", ""),
            spot=bool(node.data.get("spot")),
            state=MachineState.GONE,
        )
        one = next(iter(listing.machines), gone)
        if one.state in ALIVE:
            return Kept()
        one = self.account.explained(one)
        session = node.data.get("session", "")
        reason = one.why or ("its machine is " + ("gone" if one is gone else one.state.value))
        return Kept(ended={session: reason}, taken_back=(session,) if one.taken_back else ())

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
        self.types(resources)

    def planned(self, resources: Resources, own: S | None = None) -> Iterator[Place]:
        """Yield the places to try, in order, before their zones are known."""
        types = (self if own is None else type(self)(own)).types(resources)
        return planned(self.account.name, self.regions(), types, own or self.own)

    def candidates(self, resources: Resources) -> tuple[Candidate, ...]:
        """Return the types in each region, in the order to try."""
        groups = groups_of(self.own, 1, self.account.name)
        places = [place for one in groups for place in self.planned(resources, one.settings)]
        return tuple(dict.fromkeys(place.candidate for place in places))

    def prices(self, candidates: Sequence[Candidate]) -> Sequence[Price | None]:
        """Return what candidates cost, by the cloud's own list."""
        found: list[Price | None] = []
        for one in candidates:
            if one.zone is None or one.instance_type is None:
                found.append(None)
                continue
            place = Place(
                provider=self.account.name,
                scope=one.zone,
                region=one.zone,
                machine_type=one.instance_type,
                spot=one.spot,
            )
            usd = self.price(place)
            found.append(None if usd is None else Price(candidate=one, usd_per_hour=usd))
        return found

    def arm(self, session_id: str, nodes: Sequence[Node], lifetime: Lifetime) -> None:
        """Tell the nodes' own timers, which work without us; those just launched know already."""
        for node in nodes:
            price = float(node.data.get("price") or 0) or None
            name, budget = self.account.name, self.own.budget
            limits = bounded(name, lifetime, budget, price, len(nodes))
            if self._told.get(node.id) != told(limits):
                remote_python(self.endpoint(node), _WRITE, LATER_LIMITS, limits_text(limits))
                self.arm_machine(node, limits)
                self._told[node.id] = told(limits)
