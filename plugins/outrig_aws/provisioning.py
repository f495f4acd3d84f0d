"""Supplying a session's nodes: those that are there first, then new ones, then once more."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from outrig.api import Node, Release, ResourceRef
from outrig.errors import ConfigError, OutrigError
from outrig_aws.calls import filters
from outrig_aws.inventory import instances, node_of
from outrig_aws.network import caller_networks, let_in
from outrig_aws.nodes import Arrival, Failed, ranked
from outrig_aws.removing import Removal
from outrig_aws.tags import labels_of
from outrig_aws.user_data import limits_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outrig_aws.launch import Launch

    OnEach = Callable[[Sequence[Node], Callable[[Node], Node | Failed]], tuple[Node | Failed, ...]]


class Provisioning:
    """One attempt to have a session's nodes."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._aws = launch.aws
        self._settings = launch.settings
        self._request = launch.request
        self._context = launch.context
        self._facts: dict[str, dict[str, str]] = {}
        self._wanted: dict[str, list[str]] = defaultdict(list)
        self.limits: dict[str, str] = {}
        """The limits that new instances were launched with, by id."""

    def run(self, on_each: OnEach) -> tuple[Node, ...]:
        """Return the nodes; raises why there are too few."""
        if self._request.count < 1:
            raise ConfigError("a session needs a node")
        self._take_up()
        missing = self._request.count - sum(len(ids) for ids in self._wanted.values())
        if missing > 0:
            self._make(missing, "first")
        nodes, failed = self._arrived(on_each)
        if failed:
            self._context.progress(len(nodes), self._request.count, f"nodes; {failed[0].error}")
            self._give_up(failed)
            self._wanted.clear()
            self._make(len(failed), "again")
            more, failed = self._arrived(on_each)
            nodes += more
        if failed:
            raise failed[0].error
        return ranked(self._sorted(nodes))

    def _sorted(self, nodes: list[Node]) -> list[Node]:
        before = {node.id: node.rank for node in self._request.resume}
        return sorted(nodes, key=lambda one: (before.get(one.id, len(before)), one.rank, one.id))

    def _take_up(self) -> None:
        """Find the session's instances: kept ones, and those of a start that died."""
        known = {node.id: node for node in self._request.resume}
        scopes = [node.data["scope"] for node in known.values()]
        asked = filters(tag__outrig_session=self._request.session_id)
        for region in dict.fromkeys([*scopes, *self._aws.regions()]):
            found = [*instances(self._aws, region, asked)]
            usable = [one for one in found if labels_of(one).host_key or one["InstanceId"] in known]
            room = self._request.count - sum(len(ids) for ids in self._wanted.values())
            taken, extra = usable[:room], [*usable[room:]]
            for one in taken:
                node = node_of(one, region)
                self._facts[node.id] = self._remembered(known.get(node.id))
                self._wanted[region].append(node.id)
            self._start([node_of(one, region) for one in taken], region)
            self._give_up([_extra(node_of(one, region)) for one in extra])

    def _remembered(self, node: Node | None) -> dict[str, str]:
        """Return what a node's record knows that AWS does not."""
        if node is None:
            return {}
        return {key: node.data[key] for key in ("host_key", "user", "price") if key in node.data}

    def _start(self, nodes: Sequence[Node], region: str) -> None:
        stopped = [node.id for node in nodes if node.data["state"] in ("stopped", "stopping")]
        stopping = [node for node in nodes if node.data["state"] == "stopping"]
        if stopping:
            refs = tuple(ResourceRef(kind="node", id=node.id, scope=region) for node in stopping)
            self._removal(region).run(refs, Release.KEEP)
        if not stopped:
            return
        self._let_us_in(region)
        self._aws.ec2(region, "start_instances", InstanceIds=stopped)

    def _let_us_in(self, region: str) -> None:
        """Our address may be another one than when the session was started."""
        if self._settings.security_group:
            return
        asked = filters(tag__outrig_session=self._request.session_id)
        for one in self._aws.pages(
            region, "describe_security_groups", "SecurityGroups", Filters=asked
        ):
            let_in(self._aws, region, one["GroupId"], caller_networks(self._settings))

    def _make(self, count: int, batch: str) -> None:
        for one in self._launch.make(count, batch):
            self._wanted[one.region].append(one.id)
            price = "" if one.price is None else f"{one.price:g}"
            self._facts[one.id] = {"host_key": one.host_key, "user": one.user, "price": price}
            if self._settings.budget is None or one.price:
                limits = self._launch.lifetime(one.price)
                self.limits[one.id] = limits_text(limits) + str(limits.terminate)

    def _arrived(self, on_each: OnEach) -> tuple[list[Node], list[Failed]]:
        arrival = Arrival(self._aws, self._settings, self._context)
        nodes, failed = arrival.running(self._wanted, self._facts)
        reached = on_each(nodes, arrival.reached) if nodes else ()
        failed += [one for one in reached if isinstance(one, Failed)]
        return [one for one in reached if isinstance(one, Node)], failed

    def _give_up(self, failed: Sequence[Failed]) -> None:
        """Terminate instances that are of no use, and nothing else."""
        for region in dict.fromkeys(one.region for one in failed):
            ids = [one.id for one in failed if one.region == region]
            self._aws.ec2(region, "terminate_instances", InstanceIds=ids)

    def _removal(self, region: str) -> Removal:
        settings = self._settings
        return Removal(self._aws, region, self._context, settings.poll_s, settings.ready_s)


def _extra(node: Node) -> Failed:
    error = OutrigError(f"{node.id} is one more than wanted")
    return Failed(id=node.id, region=node.data["scope"], error=error)
