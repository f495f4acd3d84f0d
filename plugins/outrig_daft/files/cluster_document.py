"""The cluster file that a Daft file stands for, as Ray's cluster launcher reads it too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from outrig_daft.files.environment import environment_commands
from outrig_daft.names import DEFAULT_IMAGE, DEFAULT_REGION, DEFAULT_TYPE, DEFAULT_USER

if TYPE_CHECKING:
    from outrig_daft.files.daft_file import DaftFile

_NEWEST = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{arch}"
_ARM = re.compile(r"(a1|[a-z]+\d+[a-z]*g[a-z]*)\.")
_HEAD, _WORKER = "ray.head.default", "ray.worker.default"


def cluster_document(file: DaftFile, *, for_ray: bool = False) -> str:
    """Return the cluster file as YAML; `for_ray` names what Ray takes another default for."""
    import yaml

    document: dict[str, object] = {"cluster_name": file.name, **_nodes(file)}
    user = file.user or (DEFAULT_USER if for_ray and file.provider == "aws" else None)
    auth = {"ssh_user": user, "ssh_private_key": str(file.key) if file.key else None}
    if file.provider == "aws" and not for_ray:
        auth["ssh_private_key"] = None  # it is authorised beside Outrig's own
    document["auth"] = {name: one for name, one in auth.items() if one is not None}
    document["setup_commands"] = [
        *file.before,
        *environment_commands(file.python, file.ray, file.dependencies),
        *file.after,
    ]
    kept = {name: one for name, one in document.items() if one not in ({}, [])}
    return str(yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=1000))


def _nodes(file: DaftFile) -> dict[str, object]:
    """Return which nodes are wanted."""
    if file.provider in ("ssh", "local"):
        provider: dict[str, object] = {"type": "local", **file.settings}
        if file.hosts:
            provider |= {"head_ip": file.hosts[0], "worker_ips": list(file.hosts[1:])}
        return {
            "provider": provider,
            "min_workers": file.workers,
            "max_workers": file.workers,
        }
    provider = {"type": file.provider, **_where(file), **file.settings}
    config = _aws_config(file) if file.provider == "aws" else {}
    worker = {
        "node_config": dict(config),
        "resources": {},
        "min_workers": file.workers,
        "max_workers": file.workers,
    }
    # As with daft-launcher the head has no work of its own; but without workers all is its work.
    head = {"node_config": config, "resources": {"CPU": 0} if file.workers else {}}
    return {
        "provider": provider,
        "max_workers": file.workers,
        "head_node_type": _HEAD,
        "available_node_types": {_HEAD: head, _WORKER: worker} if file.workers else {_HEAD: head},
    }


def _where(file: DaftFile) -> dict[str, object]:
    if file.provider == "aws":
        return {"region": file.region, "cache_stopped_nodes": False}
    return {"region": file.region} if file.region != DEFAULT_REGION else {}


def _aws_config(file: DaftFile) -> dict[str, object]:
    config: dict[str, object] = {
        "InstanceType": file.instance_type,
        "ImageId": file.image or _default_image(file),
    }
    if file.profile is not None:
        name = "Arn" if file.profile.startswith("arn:") else "Name"
        config["IamInstanceProfile"] = {name: file.profile}
    return config


def _default_image(file: DaftFile) -> str:
    """Return the guide's image where it is, else the newest Amazon Linux 2023."""
    if file.region == DEFAULT_REGION and file.instance_type == DEFAULT_TYPE:
        return DEFAULT_IMAGE
    arch = "arm64" if _ARM.match(file.instance_type) else "x86_64"
    return _NEWEST.format(arch=arch)
