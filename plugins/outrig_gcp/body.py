"""What an instance is to be, as the API takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outrig.api import login_key
from outrig.cloud.node_config import node_config
from outrig_gcp.labels import labels
from outrig_gcp.machine_types import accelerators, disk_type, has_gpu
from outrig_gcp.network import interface, tag_of
from outrig_gcp.startup import USER, metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig.api import Lifetime, ProvisionRequest
    from outrig.cloud.places import Place
    from outrig_gcp.calls import Gcp
    from outrig_gcp.images import Image
    from outrig_gcp.settings import GcpSettings

_SCOPES = "https://www.googleapis.com/auth"
LEAST_DISK_GIB = 30
LEAST_AGE_S, MOST_AGE_S = 30, 120 * 24 * 3600
"""What Google takes as a run duration."""
OWN_FIELDS = {"name", "machineType", "perInstanceProperties", "count", "minCount"}


def instance_properties(
    gcp: Gcp,
    settings: GcpSettings,
    place: Place,
    image: Image,
    life: Lifetime,
    request: ProvisionRequest,
) -> dict[str, Any]:
    """Return the properties of a session's instances in a place; raises `ConfigError`."""
    gpu = has_gpu(place.machine_type)
    own = labels(request.tags)
    told = metadata(settings.user or USER, login_key().public, life, spot=place.spot)
    disk = {
        "sourceImage": image.path,
        "diskSizeGb": str(settings.disk or max(image.size_gib, LEAST_DISK_GIB)),
        "diskType": disk_type(place.machine_type),
        "labels": own,
    }
    fields: dict[str, Any] = {
        "machineType": place.machine_type.partition("+")[0],
        "labels": own,
        "disks": [{"boot": True, "autoDelete": True, "initializeParams": disk}],
        "networkInterfaces": [interface(gcp, settings, place.region)],
        "scheduling": scheduling(life, spot=place.spot, gpu=gpu),
        "serviceAccounts": [],
        "tags": {"items": [*(settings.network_tag or (tag_of(request.session_id),))]},
        "metadata": {"items": _items(told, image)},
    }
    if found := accelerators(place.machine_type):
        fields["guestAccelerators"] = found
    if image.shielded:
        # A kernel that is booted securely takes no driver that is built on the machine.
        fields["shieldedInstanceConfig"] = {
            "enableSecureBoot": not gpu,
            "enableVtpm": True,
            "enableIntegrityMonitoring": True,
        }
    if settings.service_account:
        scopes = [one if "://" in one else f"{_SCOPES}/{one}" for one in settings.scopes]
        fields["serviceAccounts"] = [{"email": settings.service_account, "scopes": scopes}]
    return _merged(fields, node_config(settings.node_config, "gcp", OWN_FIELDS))


def scheduling(life: Lifetime, *, spot: bool, gpu: bool) -> dict[str, Any]:
    """Return when an instance is to end: only Google itself can delete it, and its disks."""
    found: dict[str, Any] = {"automaticRestart": not spot}
    if spot:
        found |= {"provisioningModel": "SPOT", "preemptible": True}
    if spot or gpu:
        found["onHostMaintenance"] = "TERMINATE"  # these cannot be moved while they run
    if life.max_age_s is not None:
        age_s = min(max(round(life.max_age_s), LEAST_AGE_S), MOST_AGE_S)
        found["maxRunDuration"] = {"seconds": str(age_s)}
    if spot or life.max_age_s is not None:
        # Another machine takes over from one that is taken back, perhaps in another zone.
        found["instanceTerminationAction"] = "DELETE"
    return found


def _items(metadata: Mapping[str, str], image: Image) -> list[dict[str, str]]:
    driver = {"install-nvidia-driver": "True"} if image.learning else {}
    return [{"key": key, "value": value} for key, value in {**metadata, **driver}.items()]


def _merged(fields: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields with the user's over them, but never without labels, tags and metadata."""
    found = {**fields, **given}
    found["labels"] = {**given.get("labels", {}), **fields["labels"]}
    named = {one["key"] for one in fields["metadata"]["items"]}
    more = [one for one in given.get("metadata", {}).get("items", ()) if one["key"] not in named]
    found["metadata"] = {"items": [*fields["metadata"]["items"], *more]}
    tags = [*fields["tags"]["items"], *given.get("tags", {}).get("items", ())]
    found["tags"] = {"items": list(dict.fromkeys(tags))}
    if "scheduling" in given:
        asked = given["scheduling"]
        asked = asked[0] if isinstance(asked, list) and asked else asked  # as Ray's files have it
        found["scheduling"] = {**asked, **fields["scheduling"]}
    found["disks"] = [_ours(one, found["labels"]) for one in found["disks"]]
    return found


def _ours(disk: Mapping[str, Any], own: Mapping[str, str]) -> dict[str, Any]:
    """Return a disk so that it goes with its instance, and is found again where it does not."""
    made = disk.get("initializeParams")
    if made is None:
        return {**disk}
    return {**disk, "autoDelete": True, "initializeParams": {**made, "labels": {**own}}}
