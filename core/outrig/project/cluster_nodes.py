"""A node of a Ray cluster file as settings of our providers: fields of EC2 and Compute Engine.

What has a setting of its own is moved there; the rest stays as it is, in `node_config`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from outrig.project.document import YamlMap
from outrig.project.scalars import plain_value

if TYPE_CHECKING:
    from outrig.project.document import YamlNode
    from outrig.project.scalars import PlainValue

    Fields = dict[str, PlainValue]

Settings = dict[str, object]


def _fields(node: YamlNode | None) -> Fields:
    found = plain_value(node) if isinstance(node, YamlMap) else {}
    return found if isinstance(found, dict) else {}


def _with_rest(settings: Settings, rest: Fields) -> Settings:
    if rest:
        settings["node_config"] = json.dumps(rest)
    return settings


def aws_node(node: YamlNode | None) -> Settings:
    """Return an EC2 instance (fields of RunInstances) as settings of the provider `aws`."""
    config = _fields(node)
    for own in ("MinCount", "MaxCount"):
        config.pop(own, None)
    settings: Settings = {}
    for name, setting in (("InstanceType", "instance_type"), ("SubnetId", "subnet")):
        if (value := config.pop(name, None)) is not None:
            settings[setting] = (str(value),)
    for name, setting in (("SubnetIds", "subnet"), ("SecurityGroupIds", "security_group")):
        value = config.pop(name, None)
        if isinstance(value, list):
            settings[setting] = tuple(str(one) for one in value)
    if (image := config.pop("ImageId", None)) is not None:
        settings["image"] = str(image)
    if tags := _tags(config.pop("TagSpecifications", None)):
        settings["tags"] = json.dumps(tags)
    market = config.get("InstanceMarketOptions")
    if isinstance(market, dict) and market.get("MarketType") == "spot":
        settings["spot"] = True
    return _with_rest(settings, config)


def _tags(specifications: PlainValue) -> dict[str, str]:
    """Return the tags of instances among what EC2 is to tag."""
    found: dict[str, str] = {}
    for one in specifications if isinstance(specifications, list) else ():
        if isinstance(one, dict) and one.get("ResourceType") == "instance":
            pairs = one.get("Tags")
            for pair in pairs if isinstance(pairs, list) else ():
                if isinstance(pair, dict):
                    found[str(pair.get("Key"))] = str(pair.get("Value"))
    return found


def gcp_node(node: YamlNode | None) -> Settings:
    """Return an instance of Compute Engine as settings of the provider `gcp`."""
    config = _fields(node)
    settings: Settings = {}
    if (kind := config.pop("machineType", None)) is not None:
        settings["machine_type"] = (str(kind).rpartition("/")[2] + _accelerator(config),)
    _boot_disk(config, settings)
    scheduling = _one(config.pop("scheduling", None))
    if scheduling.pop("preemptible", False) or scheduling.get("provisioningModel") == "SPOT":
        scheduling.pop("provisioningModel", None)
        settings["spot"] = True
    if scheduling:
        config["scheduling"] = scheduling
    account = _one(config.pop("serviceAccounts", None))
    if account.get("email"):
        settings["service_account"] = str(account["email"])
        scopes = account.get("scopes")
        settings["scopes"] = tuple(map(str, scopes)) if isinstance(scopes, list) else ()
    return _with_rest(settings, config)


def _one(value: PlainValue) -> Fields:
    """Return a mapping; Ray's own files give some as a list of one."""
    if isinstance(value, list):
        value = value[0] if value else None
    return dict(value) if isinstance(value, dict) else {}


def _accelerator(config: Fields) -> str:
    found = _one(config.pop("guestAccelerators", None))
    if not found.get("acceleratorType"):
        return ""
    name = str(found["acceleratorType"]).rpartition("/")[2]
    return f"+{name}:{found.get('acceleratorCount', 1)}"


def _boot_disk(config: Fields, settings: Settings) -> None:
    """Move image and size of the only disk; several disks stay as they are."""
    disks = config.get("disks")
    if not isinstance(disks, list) or len(disks) != 1:
        return
    parameters = _one(_one(disks).get("initializeParams"))
    if image := str(parameters.get("sourceImage") or ""):
        settings["image_family" if "/family/" in image else "image"] = image
    if (size := parameters.get("diskSizeGb")) is not None:
        settings["disk"] = size
    del config["disks"]
