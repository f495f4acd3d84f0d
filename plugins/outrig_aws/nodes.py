"""From instances that were asked for to nodes that can be used: running, reached, recognised."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from outrig.api import Endpoint, Node, Role, login_key, remote_python
from outrig.errors import AuthError, CapacityError, OutrigError, RemoteError
from outrig_aws.inventory import node_of
from outrig_aws.removing import MOST_VALUES
from outrig_aws.tags import labels_of
from outrig_aws.user_data import OWN_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrig.api import Context
    from outrig_aws.calls import Aws
    from outrig_aws.settings import AwsSettings

FIRST_CONNECT_S = 10.0
REFUSED_S = 60.0
"""How long a machine that boots may refuse us before that is believed."""

_READ_KEY = f"import sys; sys.stdout.write(open('{OWN_KEY}.pub').read())"
_PENDING = ("pending", "stopping", "stopped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An instance that did not become a node, and why."""

    id: str
    region: str
    error: OutrigError


class Arrival:
    """Waits for instances; each is asked about together with the others of its region."""

    def __init__(self, aws: Aws, settings: AwsSettings, context: Context) -> None:
        self._aws = aws
        self._settings = settings
        self._context = context
        self._deadline = time.monotonic() + settings.ready_s

    def running(
        self, wanted: Mapping[str, Sequence[str]], facts: Mapping[str, Mapping[str, str]]
    ) -> tuple[list[Node], list[Failed]]:
        """Wait until all instances (ids by region) run or have ended; returns both kinds.

        `facts` are what is known of each beside what AWS tells: `host_key`, `user`, `price`.
        """
        nodes: list[Node] = []
        failed: list[Failed] = []
        for region, ids in wanted.items():
            left, pause = set(ids), self._settings.poll_s / 4
            while left:
                self._context.check_cancelled()
                for one in self._asked(region, left):
                    self._sort(one, region, facts, nodes, failed)
                left -= {one.id for one in nodes} | {one.id for one in failed}
                if left and time.monotonic() > self._deadline:
                    failed += [_late(one, region) for one in left]
                    break
                if left:
                    self._context.progress(len(nodes), None, "nodes run")
                    time.sleep(pause)
                    pause = min(pause * 1.5, self._settings.poll_s * 2)
        return nodes, failed

    def _asked(self, region: str, ids: set[str]) -> list[Any]:
        found: list[Any] = []
        names = sorted(ids)
        for start in range(0, len(names), MOST_VALUES):
            asked = [{"Name": "instance-id", "Values": names[start : start + MOST_VALUES]}]
            pages = self._aws.pages(region, "describe_instances", "Reservations", Filters=asked)
            found += [one for group in pages for one in group["Instances"]]
        return found

    def _sort(
        self,
        found: Any,
        region: str,
        facts: Mapping[str, Mapping[str, str]],
        nodes: list[Node],
        failed: list[Failed],
    ) -> None:
        state = found["State"]["Name"]
        if state == "running" and (found.get("PublicIpAddress") or found.get("PrivateIpAddress")):
            node = node_of(found, region)
            tags = labels_of(found)
            own = {"host_key": tags.host_key, "user": tags.user}
            data = {**node.data, **own, **facts.get(node.id, {})}
            nodes.append(replace(node, address=self._address(node), data=data))
        elif state not in (*_PENDING, "running"):
            why = found.get("StateReason", {}).get("Message") or f"it is {state}"
            error = CapacityError(f"aws {region}: {found['InstanceId']} ended at once: {why}")
            failed.append(Failed(id=found["InstanceId"], region=region, error=error))

    def _address(self, node: Node) -> str:
        private = node.data["private"]
        return private if self._settings.private or not node.address else node.address

    def reached(self, node: Node) -> Node | Failed:
        """Wait until a node lets us in, and return it with the host key that is its own."""
        refused_since: float | None = None
        while True:
            try:
                self._context.check_cancelled()
                return self._introduced(node)
            except AuthError as err:
                refused_since = refused_since or time.monotonic()
                last: OutrigError = err
                over = time.monotonic() - refused_since > REFUSED_S
            except RemoteError as err:
                last, over = err, False
            if over or time.monotonic() > self._deadline:
                return Failed(id=node.id, region=node.data["scope"], error=last)
            threading.Event().wait(self._settings.poll_s / 2)

    def _introduced(self, node: Node) -> Node:
        """Take the key that the machine made itself, once that has been seen to work."""
        first = endpoint_of(node, self._settings)
        if node.data["host_key"].startswith("ssh-ed25519 "):
            remote_python(first, "print(1)")
            return node
        told = remote_python(replace(first, keep_s=1.0, connect_s=FIRST_CONNECT_S), _READ_KEY)
        own = " ".join(told.split()[:2])
        if not own.startswith("ssh-ed25519 "):
            return node
        better = replace(node, data={**node.data, "host_key": own})
        remote_python(endpoint_of(better, self._settings), "print(1)")
        return better


def endpoint_of(node: Node, settings: AwsSettings) -> Endpoint:
    """Return how to log in to a node."""
    return Endpoint(
        host=node.address,
        user=node.data.get("user") or settings.user,
        key_file=login_key().path,
        host_keys=(node.data["host_key"],),
        jump=settings.jump,
        python="python3",
        transport=settings.transport,
        config_file=settings.config_file,
    )


def ranked(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Return nodes as head and workers, in this order."""
    return tuple(
        replace(node, role=Role.WORKER if rank else Role.HEAD, rank=rank)
        for rank, node in enumerate(nodes)
    )


def _late(instance: str, region: str) -> Failed:
    error = RemoteError(f"aws {region}: {instance} does not run in time")
    return Failed(id=instance, region=region, error=error)
