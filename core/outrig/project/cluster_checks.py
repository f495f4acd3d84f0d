"""What of a Ray cluster file is refused by name, and what is understood in another way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.project.document import YamlList, YamlMap, YamlScalar
from outrig.project.scalars import as_flag
from outrig.project.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrig.project.document import Document, YamlNode
    from outrig.project.problem import Problem

_OWN_PROVIDERS = ("aws", "gcp", "local")
_NOT_OURS = "is a setting of another of Ray's providers"
_REFUSED: Mapping[str, Mapping[str, str]] = {
    "provider": {
        "module": "providers of Ray's own making are not run; write a plugin: outrig plugin new",
        "coordinator_address": "a coordinator's hosts are not known; name head_ip and worker_ips",
        "security_group": "name groups by id: node_config.SecurityGroupIds; without one, a group "
        "that lets only you in is made",
        "cloudwatch": "no agent is installed; do that in setup_commands",
        "gcp_credentials": "credentials are the environment's; none are written into files",
        "namespace": _NOT_OURS,
        "location": _NOT_OURS,
        "resource_group": _NOT_OURS,
        "tags": _NOT_OURS,
        "subscription_id": _NOT_OURS,
        "msi_identity_id": _NOT_OURS,
        "msi_identity_principal_id": _NOT_OURS,
        "subnet_id": _NOT_OURS,
        "autoscaler_service_account": _NOT_OURS,
        "autoscaler_role": _NOT_OURS,
        "autoscaler_role_binding": _NOT_OURS,
        "disable_node_updaters": "nodes that are not set up make no cluster",
    },
    "auth": {
        "ssh_public_key": "a key of Outrig's own is authorised on nodes that it makes",
        "ssh_proxy_command": "write ProxyCommand or ProxyJump into ~/.ssh/config",
        "ssh_proxy_use_node_id": "write ProxyCommand into ~/.ssh/config",
    },
    "": {
        "file_mounts_sync_continuously": "mounts are copied by `ray up` and `ray rsync-up`",
    },
}
_OLD: Mapping[str, str] = {
    "initial_workers": "so many workers are there from the start",
    "autoscaling_mode": "it has no effect any more",
    "target_utilization_fraction": "it has no effect any more",
    "head_node": "it is the node_config of the head",
    "worker_nodes": "it is the node_config of the workers",
    "worker_node": "it is the node_config of the workers",
    "worker_default_node_type": "it has no effect any more",
}


def check_cluster(document: Document) -> Iterator[Problem]:
    """Yield what is wrong in a cluster file beyond its shape."""
    top = Section(document.root)
    yield from _provider(document, top)
    for path, refused in _REFUSED.items():
        section = top.section(path) if path else top
        for key, message in refused.items():
            yield from _refused(document, section, key, message)
    yield from _synced(document, top)
    yield from _types(document, top)
    yield from _mounts(document, top)


def _provider(document: Document, top: Section) -> Iterator[Problem]:
    provider = top.section("provider")
    if provider.scalar("type") is None:
        place = provider.node or document.root
        message = "is missing, expected a provider such as local, aws or gcp"
        yield document.problem(place, "provider.type", message)


def _refused(document: Document, section: Section, key: str, message: str) -> Iterator[Problem]:
    """Yield that a key is refused, unless it says nothing or the provider is somebody else's."""
    kind = section.text("type") if section.path == "provider" else None
    if section.path == "provider" and kind not in _OWN_PROVIDERS:
        return
    value = section.get(key)
    if value is not None and not _says_nothing(value):
        yield document.problem(value, section.at(key), f"is not taken over: {message}")


def _synced(document: Document, top: Section) -> Iterator[Problem]:
    """Yield that files of a head in a container are not copied."""
    value = top.get("cluster_synced_files")
    if value is not None and not _says_nothing(value) and top.section("docker").text("image"):
        message = "is not taken over with docker: mount them, file_mounts copies to every node"
        yield document.problem(value, "cluster_synced_files", message)


def _says_nothing(value: YamlNode) -> bool:
    if isinstance(value, YamlScalar):
        return value.text == "" or as_flag(value.text) is False
    return not (value.items if isinstance(value, YamlList) else value.pairs)


def _types(document: Document, top: Section) -> Iterator[Problem]:
    node = top.section("available_node_types").node
    head = top.scalar("head_node_type")
    if node is None:
        return
    names = [key.text for key, _ in node.pairs]
    if not names:
        yield document.problem(node, "available_node_types", "is empty, expected the head's type")
    if top.section("provider").get("head_ip") is not None:
        message = "is not taken over: the hosts of head_ip and worker_ips are what they are"
        yield document.problem(node, "available_node_types", message)
    if head is not None and head.text not in names:
        message = f'"{head.text}" is not among available_node_types ({", ".join(names)})'
        yield document.problem(head, "head_node_type", message)


def _mounts(document: Document, top: Section) -> Iterator[Problem]:
    mounts = top.section("file_mounts")
    for key, _ in () if mounts.node is None else mounts.node.pairs:
        if not key.text.startswith(("/", "~/")) or "\n" in key.text or "\0" in key.text:
            message = "expected an absolute path on the nodes, or one that begins with ~/"
            yield document.problem(key, mounts.at(key.text), message)


def notices(document: Document) -> Iterator[str]:
    """Yield what keys of old files are taken for, a line each."""
    root = document.root
    for key, _ in root.pairs if isinstance(root, YamlMap) else ():
        meaning = _OLD.get(key.text)
        if meaning is not None:
            place = f"{document.file}:{key.line}:{key.column}"
            yield f"{place}: {key.text} is of Ray before 1.0: {meaning}"
