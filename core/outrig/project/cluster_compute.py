"""Which nodes a Ray cluster file asks for, as settings of the provider that supplies them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.model.project import Compute
from outrig.project.cluster_keys import PROVIDER
from outrig.project.cluster_nodes import aws_node, gcp_node
from outrig.project.cluster_scaling import json_tags, ray_tags
from outrig.project.document import YamlNode
from outrig.project.scalars import plain_value
from outrig.project.section import Section

if TYPE_CHECKING:
    from collections.abc import Callable


Settings = dict[str, object]
_RAYS_OWN = frozenset(key.name for key in PROVIDER.keys)
"""What is mapped; the provider's own settings may stand beside it under their own names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeType:
    """One kind of node, and how many of it there are from the start."""

    name: str
    section: Section
    config: YamlNode | None
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTypes:
    """The head's type, and those of the workers with how many of each."""

    head: NodeType
    workers: tuple[NodeType, ...] = ()

    @property
    def count(self) -> int:
        """How many nodes there are from the start."""
        return 1 + sum(one.count for one in self.workers)


def node_types(top: Section, least: int | None = None) -> NodeTypes:
    """Return the node types of a file of any generation; `least` stands over `min_workers`."""
    node = top.section("available_node_types").node
    if node is None:
        return _old_types(top, least)
    section = top.section("available_node_types")
    names = [key.text for key, _ in node.pairs]
    head = top.text("head_node_type") or next((one for one in names if "head" in one), names[0])
    types = [_type(section.section(name), name) for name in names]
    workers = [one for one in types if one.name != head or one.count]
    counts = [one.count for one in workers]
    if least is not None and workers:
        counts[-1] = max(0, least - sum(counts[:-1]))
    return NodeTypes(
        head=next(one for one in types if one.name == head),
        workers=tuple(
            NodeType(name=one.name, section=one.section, config=one.config, count=count)
            for one, count in zip(workers, counts, strict=True)
        ),
    )


def _type(section: Section, name: str) -> NodeType:
    count = section.whole("min_workers") or 0
    return NodeType(name=name, section=section, config=section.get("node_config"), count=count)


def _old_types(top: Section, least: int | None) -> NodeTypes:
    """Read `head_node` and `worker_nodes`; on-premise hosts are all wanted unless it says fewer."""
    given = [top.whole("initial_workers"), top.whole("min_workers")] if least is None else [least]
    counts = [one for one in given if one is not None]
    hosts = len(top.section("provider").scalars("worker_ips"))
    wanted = max(counts) if counts else 0
    if top.section("provider").get("head_ip") is not None:
        wanted = min(wanted, hosts) if counts else hosts
    nothing = Section(None)
    worker = top.get("worker_nodes") or top.get("worker_node")
    return NodeTypes(
        head=NodeType(name="head", section=nothing, config=top.get("head_node")),
        workers=(NodeType(name="worker", section=nothing, config=worker, count=wanted),),
    )


def cluster_compute(top: Section, types: NodeTypes, name: str | None) -> Compute:
    """Return the provider, how many nodes, and its settings; `name` is the cluster's.

    Without a name machines get no tags of Ray's.
    """
    provider = top.section("provider")
    kind = provider.text("type") or "local"
    if kind == "local":
        return _hosts(top, types)
    mapped = {"aws": _aws, "gcp": _gcp}.get(kind)
    settings = _beside(provider, _RAYS_OWN if mapped else frozenset({"type"}))
    if mapped is not None:
        settings |= mapped(top, types, name)
    return Compute(provider=kind, count=types.count, settings=tuple(settings.items()))


def _hosts(top: Section, types: NodeTypes) -> Compute:
    provider, auth = top.section("provider"), top.section("auth")
    head = provider.text("external_head_ip") or provider.text("head_ip")
    if head is None:
        return Compute()
    hosts = [head, *(node.text for node in provider.scalars("worker_ips"))][: types.count]
    settings: Settings = {"hosts": tuple(hosts), **_auth(auth)}
    return Compute(provider="ssh", count=len(hosts), settings=tuple(settings.items()))


def _auth(auth: Section) -> Settings:
    found = {"user": auth.text("ssh_user"), "key_file": auth.text("ssh_private_key")}
    return {name: value for name, value in found.items() if value}


def _beside(provider: Section, known: frozenset[str]) -> Settings:
    """Return the section's other keys: they are settings as they stand."""
    pairs = () if provider.node is None else provider.node.pairs
    return {key.text: plain_value(value) for key, value in pairs if key.text not in known}


def _zones(provider: Section) -> tuple[str, ...]:
    text = provider.text("availability_zone") or ""
    return tuple(one.strip() for one in text.split(",") if one.strip())


def _aws(top: Section, types: NodeTypes, name: str | None) -> Settings:
    return _cloud(top, types, aws_node, name)


def _gcp(top: Section, types: NodeTypes, name: str | None) -> Settings:
    settings = _cloud(top, types, gcp_node, name)
    if project := top.section("provider").text("project_id"):
        settings["project"] = project
    return settings


def _tags(name: str, kind: str, one: NodeType, settings: Settings) -> str:
    """Return Ray's tags, with those of the file over them."""
    own = settings.get("tags")
    found = json.loads(own) if isinstance(own, str) else {}
    return json_tags({**ray_tags(name, kind, one), **found})


def _group(
    one: NodeType, node: Callable[[YamlNode | None], Settings], name: str | None
) -> Settings:
    own = node(one.config)
    if name is not None:
        own["tags"] = _tags(name, "worker", one, own)
    return {"count": one.count, **own}


def _cloud(
    top: Section, types: NodeTypes, node: Callable[[YamlNode | None], Settings], name: str | None
) -> Settings:
    """Return what clouds share: where, as whom, and workers that differ from the head."""
    provider, auth = top.section("provider"), top.section("auth")
    settings = node(types.head.config)
    if region := provider.text("region"):
        settings["region"] = (region,)
    if zones := _zones(provider):
        settings["zone"] = zones
    if user := auth.text("ssh_user"):
        settings["user"] = user
    if (internal := provider.get("use_internal_ips")) is not None:
        settings["private"] = plain_value(internal)
    if name is not None:
        settings["tags"] = _tags(name, "head", types.head, settings)
    groups = [_group(one, node, name) for one in types.workers if one.count]
    like_head = {**node(types.head.config), "count": 0}
    if any({**one, "count": 0} != like_head for one in groups):
        settings["worker_groups"] = json.dumps(groups)
    return settings
