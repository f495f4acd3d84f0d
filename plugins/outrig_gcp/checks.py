"""How the project stands: credentials, API, permissions, quotas, network, clock."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from outrig.cloud.caller import caller_networks
from outrig.cloud.checking import asked, clock
from outrig.errors import OutrigError
from outrig_gcp.images import find_image
from outrig_gcp.network import network_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.cloud.checking import Line
    from outrig_gcp.calls import Gcp
    from outrig_gcp.settings import GcpSettings

RESOURCE_MANAGER = "https://cloudresourcemanager.googleapis.com/v1/"
_NEEDED = {
    "addresses": "delete list",
    "disks": "create delete list setLabels",
    "firewalls": "create delete get list update",
    "globalOperations": "get",
    "images": "get getFromFamily list useReadOnly",
    "instances": "create delete get getGuestAttributes list setLabels setMetadata setTags"
    " setServiceAccount start stop",
    "networks": "get updatePolicy use useExternalIp",
    "projects": "get",
    "regionOperations": "get",
    "regions": "get",
    "subnetworks": "get use useExternalIp",
    "zoneOperations": "get list",
    "zones": "list",
}
"""What is done with what: the least that Outrig needs."""
ACT_AS = "iam.serviceAccounts.actAs"
QUOTAS = ("CPUS", "PREEMPTIBLE_CPUS", "IN_USE_ADDRESSES", "NVIDIA_L4_GPUS", "NVIDIA_T4_GPUS")


def role(settings: GcpSettings) -> dict[str, object]:
    """Return the least privilege that Outrig needs, as `gcloud iam roles create` takes it."""
    return {
        "title": "Outrig",
        "description": "What Outrig needs to make, use and remove nodes",
        "stage": "GA",
        "includedPermissions": [*_needed(settings)],
    }


def account(gcp: Gcp, settings: GcpSettings, kind: str) -> Iterator[Line]:
    """Yield what was looked at, with the machine type that would be taken."""
    who = asked("credentials", lambda: f"{gcp.account()}, project {gcp.project}")
    yield who
    if who[1]:
        yield asked("API", lambda: f"{len(gcp.listed('zones'))} zones")
        yield _permissions(gcp, settings)
        yield asked("quota", lambda: "; ".join(_quota(gcp, region) for region in gcp.regions))
        yield asked("network", lambda: str(gcp.get(network_of(gcp, settings))["name"]))
        yield asked("image", lambda: find_image(gcp, settings, kind).path)
        yield clock(gcp.date)
    yield asked("your address", lambda: ", ".join(caller_networks(settings, "gcp")))
    yield "role", True, json.dumps(role(settings))


def _needed(settings: GcpSettings) -> tuple[str, ...]:
    found = [f"compute.{kind}.{one}" for kind, verbs in _NEEDED.items() for one in verbs.split()]
    return (*found, *((ACT_AS,) if settings.service_account else ()))


def _permissions(gcp: Gcp, settings: GcpSettings) -> Line:
    """Ask which permissions there are, without using one."""
    needed = _needed(settings)
    try:
        path = f"projects/{gcp.project}:testIamPermissions"
        body = {"permissions": [*needed]}
        answer: Any = gcp.call("POST", path, body=body, base=RESOURCE_MANAGER)
    except OutrigError as err:
        return "permissions", True, f"not known ({err})"
    missing = sorted({*needed} - {*answer.get("permissions", ())})
    if missing:
        return "permissions", False, f"missing: {', '.join(missing)}"
    return "permissions", True, f"all {len(needed)} that are needed"


def _quota(gcp: Gcp, region: str) -> str:
    found = {str(one["metric"]): one for one in gcp.get(f"regions/{region}").get("quotas", ())}
    known = [found[name] for name in QUOTAS if name in found]
    rows = [f"{one['metric']} {one.get('usage', 0):g} of {one['limit']:g}" for one in known]
    return f"{region}: {', '.join(rows)}"
