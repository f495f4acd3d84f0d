"""What Ray's own tools need to know of a cluster: its tags, and the file of Ray's autoscaler."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.project.document import YamlMap
from outrig.project.scalars import plain_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrig.project.cluster_compute import NodeType, NodeTypes
    from outrig.project.document import YamlNode
    from outrig.project.section import Section

_PROVIDER_KEYS = ("type", "region", "availability_zone", "cache_stopped_nodes")
_LEFT_OUT = ("provider", "auth", "file_mounts", "head_start_ray_commands", "min_workers")


def ray_tags(cluster: str, kind: str, one: NodeType) -> dict[str, str]:
    """Return what Ray's launcher tags a machine with, by which its tools know it as theirs."""
    config = json.dumps(_plain(one.config), sort_keys=True)
    return {
        "Name": f"ray-{cluster}-{kind}",
        "ray-cluster-name": cluster,
        "ray-node-type": kind,
        "ray-user-node-type": one.name,
        "ray-node-status": "up-to-date",
        "ray-launch-config": hashlib.sha256(config.encode()).hexdigest()[:32],
    }


class Scaling:
    """Whether Ray's autoscaler is to run on the head, and with which file."""

    def __init__(self, top: Section, types: NodeTypes, most: int | None) -> None:
        self._top = top
        self.given = types
        self._given = most
        own = [one.section.whole("max_workers") for one in types.workers]
        total = top.whole("max_workers") if most is None else most
        told = [one for one in own if one is not None]
        self._most = total if total is not None else (sum(told) if told else None)

    @property
    def _kind(self) -> str:
        return self._top.section("provider").text("type") or "local"

    @property
    def wanted(self) -> bool:
        """Whether the file allows for more workers than there are from the start."""
        hosts = self._top.section("provider").get("head_ip") is not None
        return not hosts and self._most is not None and self._most > self.given.count - 1

    @property
    def obstacle(self) -> str | None:
        """Why it cannot run there without a credential of the user's, or at all."""
        top = self._top
        if self._kind != "aws":
            return "it runs on AWS only"
        if top.get("available_node_types") is None:
            return "it needs available_node_types"
        if top.section("docker").node is not None and top.section("docker").text("image"):
            return "it does not run in a container"
        config = _plain(self.given.head.config)
        if config.get("IamInstanceProfile") or top.section("provider").text("instance_profile"):
            return None
        return (
            "it needs an IamInstanceProfile in the head's node_config, as no credential of yours "
            "is copied there"
        )

    @property
    def runs(self) -> bool:
        """Whether it runs: then it makes the workers, all of them."""
        return self.wanted and self.obstacle is None

    def types(self) -> NodeTypes:
        """Return the node types with as many of each as are made from here."""
        if not self.runs:
            return self.given
        none = tuple(replace(one, count=0) for one in self.given.workers)
        return replace(self.given, workers=none)

    def notices(self, file: str) -> Iterator[str]:
        """Yield what the user should know of it."""
        count = self.given.count - 1
        if not self.wanted:
            return
        fixed = "there is 1 worker" if count == 1 else f"there are {count} workers"
        if self.runs:
            yield f"{file}: workers are made by Ray's autoscaler on the head: {self._most} at most"
        else:
            yield f"{file}: max_workers: {fixed}; Ray's autoscaler is not started: {self.obstacle}"

    def file(self, name: str) -> str | None:
        """Return the file for the head as JSON, which the head completes; `None` for no file."""
        if not self.runs:
            return None
        top = self._top
        found = {key: one for key, one in _plain(top.node).items() if key not in _LEFT_OUT}
        provider, mounts = _plain(top.get("provider")), _plain(top.get("file_mounts"))
        types = _plain(top.get("available_node_types"))
        for one in self.given.workers:
            types[one.name] = {**_plain(types.get(one.name)), "min_workers": one.count}
        mapped = {key: provider[key] for key in _PROVIDER_KEYS if key in provider}
        return json.dumps(
            {
                **found,
                "cluster_name": name,
                "provider": {**mapped, "use_internal_ips": True},
                "auth": {"ssh_private_key": "~/ray_bootstrap_key.pem"},
                "file_mounts": {remote: remote for remote in mounts},
                "head_node_type": self.given.head.name,
                "available_node_types": types,
                "max_workers": self._most,
            }
        )


def _plain(node: YamlNode | object) -> dict[str, object]:
    if isinstance(node, dict):
        return node
    found = plain_value(node) if isinstance(node, YamlMap) else {}
    return dict(found) if isinstance(found, dict) else {}


def json_tags(tags: Mapping[str, str]) -> str:
    """Return tags as the setting `tags` of providers takes them."""
    return json.dumps(dict(tags))
