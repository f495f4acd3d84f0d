"""Compute Engine's methods, as far as they are used, by Google's names of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.plugins.gcp.living.discovery import Json, Refusal
from tests.plugins.gcp.living.instances import Instances
from tests.plugins.gcp.living.records import BASE, REGIONS, ZONES, now, number

if TYPE_CHECKING:
    from collections.abc import Callable

    Method = Callable[[Json, Json], Json]

IMAGES = {
    "ubuntu-os-cloud": {
        "ubuntu-2404-lts-amd64": "ubuntu-2404-noble-amd64-v20261101",
        "ubuntu-2404-lts-arm64": "ubuntu-2404-noble-arm64-v20261101",
    },
    "debian-cloud": {"debian-12": "debian-12-bookworm-v20261010"},
    "deeplearning-platform-release": {
        "common-cu128-ubuntu-2204-nvidia-570": "common-cu128-ubuntu-2204-v20260901",
        "common-cu129-ubuntu-2404-nvidia-580": "common-cu129-ubuntu-2404-v20261001",
        "common-cpu": "common-cpu-v20261001",
    },
}


class Compute(Instances):
    """All that a project has beside its instances."""

    def method(self, name: str) -> Method:
        """Return what carries a method out: `zoneOperations.get` is `zone_operations_get`."""
        own = re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name.replace(".", "_"))
        found = getattr(self, own, None)
        if found is None:
            raise Refusal(501, "notImplemented", f"{name} is not known here")
        method: Method = found
        return method

    def zone_operations_get(self, a: Json, _: Json) -> Json:
        """Return how an operation stands."""
        if a["operation"] not in self.records.operations:
            raise Refusal(404, "notFound", f"The operation {a['operation']} was not found")
        return self.records.operations[a["operation"]]

    global_operations_get = region_operations_get = zone_operations_get

    def zone_operations_list(self, a: Json, _: Json) -> Json:
        """List the operations of a zone."""
        found = self.records.operations.values()
        inside = [one for one in found if str(one.get("zone", "")).endswith(f"/{a['zone']}")]
        return self.records.listing(a, inside, "operation")

    def projects_get(self, a: Json, _: Json) -> Json:
        """Return the project."""
        return {"kind": "compute#project", "id": number(), "name": a["project"]}

    def zones_list(self, a: Json, _: Json) -> Json:
        """List the zones."""
        found = [
            {
                "kind": "compute#zone",
                "id": "2000",
                "name": zone,
                "status": "UP",
                "region": f"{BASE}projects/{a['project']}/regions/{zone[:-2]}",
            }
            for zone in ZONES
        ]
        return self.records.listing(a, found, "zone")

    def regions_get(self, a: Json, _: Json) -> Json:
        """Return a region and its quotas."""
        if a["region"] not in REGIONS:
            raise Refusal(404, "notFound", f"The resource 'regions/{a['region']}' was not found")
        quotas = [{"metric": "CPUS", "limit": 24.0, "usage": 2.0}]
        return {"kind": "compute#region", "id": "1", "name": a["region"], "quotas": quotas}

    def _image(self, project: str, family: str, name: str) -> Json:
        return {
            "kind": "compute#image",
            "id": number(),
            "name": name,
            "family": family,
            "status": "READY",
            "diskSizeGb": "10",
            "architecture": "ARM64" if "arm64" in name else "X86_64",
            "creationTimestamp": f"2026-{number()[:2]}" if "v" not in name else name[-8:],
            "guestOsFeatures": [{"type": "UEFI_COMPATIBLE"}],
            "selfLink": f"{BASE}projects/{project}/global/images/{name}",
        }

    def images_get_from_family(self, a: Json, _: Json) -> Json:
        """Return the newest image of a family."""
        name = IMAGES.get(a["project"], {}).get(a["family"])
        if name is None:
            where = f"projects/{a['project']}/global/images/family/{a['family']}"
            raise Refusal(404, "notFound", f"The resource '{where}' was not found")
        return self._image(a["project"], a["family"], name)

    def images_get(self, a: Json, _: Json) -> Json:
        """Return an image."""
        for family, name in IMAGES.get(a["project"], {}).items():
            if name == a["image"]:
                return self._image(a["project"], family, name)
        where = f"projects/{a['project']}/global/images/{a['image']}"
        raise Refusal(404, "notFound", f"The resource '{where}' was not found")

    def images_list(self, a: Json, _: Json) -> Json:
        """List the images of a project."""
        known = IMAGES.get(a["project"], {}).items()
        found = [self._image(a["project"], family, name) for family, name in known]
        return self.records.listing(a, found, "image")

    def networks_get(self, a: Json, _: Json) -> Json:
        """Return a network; there is the default one."""
        if a["network"] != "default":
            path = self.records.path(a, "networks", a["network"])
            raise Refusal(404, "notFound", f"The resource '{path}' was not found")
        return {"kind": "compute#network", "id": number(), "name": "default"}

    def subnetworks_get(self, a: Json, _: Json) -> Json:
        """Return a subnetwork; there is one of another network."""
        network = f"{BASE}projects/{a['project']}/global/networks/other"
        return {"kind": "compute#subnetwork", "name": a["subnetwork"], "network": network}

    def firewalls_insert(self, a: Json, body: Json) -> Json:
        """Make a rule."""
        made = self.records.make(a, "firewalls", "firewall", body)
        made.setdefault("direction", "INGRESS")
        return self.records.operation(a, "insert", made["selfLink"].removeprefix(BASE))

    def firewalls_list(self, a: Json, _: Json) -> Json:
        """List the rules."""
        return self.records.listing(a, self.records.of(a, "firewalls").values(), "firewall")

    def firewalls_patch(self, a: Json, body: Json) -> Json:
        """Change a rule."""
        found = self.records.find(a, "firewalls", a["firewall"])
        found.update(body)
        return self.records.operation(a, "patch", found["selfLink"].removeprefix(BASE))

    def firewalls_delete(self, a: Json, _: Json) -> Json:
        """Delete a rule."""
        return self._delete(a, "firewalls", a["firewall"])

    def disks_insert(self, a: Json, body: Json) -> Json:
        """Make a disk that no instance has."""
        made = self.records.make(a, "disks", "disk", body)
        return self.records.operation(a, "insert", made["selfLink"].removeprefix(BASE))

    def disks_delete(self, a: Json, _: Json) -> Json:
        """Delete a disk that no instance has."""
        found = self.records.find(a, "disks", a["disk"])
        if found.get("users"):
            text = f"The disk resource '{a['disk']}' is already being used"
            raise Refusal(400, "resourceInUseByAnotherResource", text)
        return self._delete(a, "disks", a["disk"])

    def disks_aggregated_list(self, a: Json, _: Json) -> Json:
        """List the disks of all zones."""
        return self.records.aggregated(a, "disk", "disks")

    def addresses_insert(self, a: Json, body: Json) -> Json:
        """Reserve an address."""
        made = self.records.make(a, "addresses", "address", body)
        return self.records.operation(a, "insert", made["selfLink"].removeprefix(BASE))

    def addresses_delete(self, a: Json, _: Json) -> Json:
        """Give an address back."""
        return self._delete(a, "addresses", a["address"])

    def addresses_aggregated_list(self, a: Json, _: Json) -> Json:
        """List the addresses of all regions."""
        return self.records.aggregated(a, "address", "addresses")

    def _delete(self, a: Json, kind: str, name: str) -> Json:
        found = self.records.find(a, kind, name)

        def done() -> None:
            self.records.of(a, kind).pop(name, None)

        return self.records.operation(a, "delete", found["selfLink"].removeprefix(BASE), done)

    def left(self) -> list[str]:
        """Return what there is that costs, or that we made."""
        found = [
            f"{one['name']} {one['status'].lower()}" for one in self.records.everywhere("instances")
        ]
        for kind in ("disks", "addresses", "firewalls"):
            found += [f"{kind}/{one['name']}" for one in self.records.everywhere(kind)]
        return found

    def preempt(self, name: str) -> None:
        """Take a spot instance back, as Google does when it needs the machine."""
        instance = next(one for one in self.records.everywhere("instances") if one["name"] == name)
        a = {"project": instance["_project"], "zone": instance["_zone"], "instance": name}
        self.fleet.preempt(name)
        target = instance["selfLink"].removeprefix(BASE)
        made = self.records.operation(a, "compute.instances.preempted", target)
        made["startTime"] = now()
        self.end_by_itself(instance)
