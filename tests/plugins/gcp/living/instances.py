"""Instances: made in bulk, started, stopped, deleted, and what they end by themselves."""

from __future__ import annotations

import copy
import itertools
import re
from typing import TYPE_CHECKING, Any

from tests.plugins.gcp.living.discovery import Json, Refusal, invalid
from tests.plugins.gcp.living.records import BASE, ZONES, Records, now

if TYPE_CHECKING:
    from tests.plugins.gcp.living.fleet import Fleet

TYPES = {
    "e2-micro": 2,
    "e2-medium": 2,
    "e2-standard-2": 2,
    "e2-standard-4": 4,
    "n1-standard-4": 4,
    "n2-standard-8": 8,
    "g2-standard-4": 4,
}
_MOST_AGE_S, _LEAST_AGE_S = 120 * 24 * 3600, 30


class Instances:
    """The instances of all projects. `capacity` is how many more of a type, or zone, there are."""

    def __init__(self, records: Records, fleet: Fleet) -> None:
        self.records = records
        self.fleet = fleet
        self.capacity: dict[str, int] = {}
        self.cpus: int | None = None
        self._numbers = itertools.count(2)
        fleet.watch(self._powered_off)

    def _zone(self, a: Json) -> None:
        if a["zone"] not in ZONES:
            path = f"projects/{a['project']}/zones/{a['zone']}"
            raise Refusal(404, "notFound", f"The resource '{path}' was not found")

    def instances_bulk_insert(self, a: Json, body: Json) -> Json:
        """Make several instances with one operation, at least `minCount` of them or none."""
        self._zone(a)
        names, fields = [*body.get("perInstanceProperties", {})], body["instanceProperties"]
        count, least = int(body["count"]), int(body.get("minCount") or body["count"])
        if len(names) != count:
            raise invalid("perInstanceProperties: not as many names as count")
        self._right(a, fields)
        kept = self.records.of(a, "instances")
        for name in names:
            if not re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", name):
                raise invalid(f"Invalid value for field 'resource.name': '{name}'.")
            if name in kept:
                path = self.records.path(a, "instances", name)
                raise Refusal(409, "alreadyExists", f"The resource '{path}' already exists")
        room, why = self._room(a, fields, count, least)
        made = [self._made(a, name, fields) for name in names[:room]] if room >= least else []
        errors = [why, ("VM_MIN_COUNT_NOT_REACHED", "not enough")] if room < least else []

        def done() -> list[tuple[str, str]]:
            for one in made:
                self._runs(one)
            return errors

        where = f"projects/{a['project']}/zones/{a['zone']}"
        return self.records.operation(a, "bulkInsert", where, done)

    def _right(self, a: Json, fields: Json) -> None:
        """Raise `Refusal` for what Google checks before an operation begins."""
        if fields.get("machineType") not in TYPES:
            text = f"Machine type with name '{fields.get('machineType')}' does not exist in zone"
            raise invalid(f"Invalid value for field 'machineType': {text} '{a['zone']}'.")
        if sum(bool(one.get("boot")) for one in fields.get("disks", ())) != 1:
            raise invalid("Invalid value for field 'resource.disks': Boot disk must be specified.")
        if not fields.get("networkInterfaces"):
            raise invalid("At least one network interface is required.")
        scheduling = fields.get("scheduling", {})
        gpu = fields.get("guestAccelerators") or fields["machineType"].startswith("g2-")
        if gpu and scheduling.get("onHostMaintenance", "MIGRATE") == "MIGRATE":
            raise invalid("Instances with guest accelerators do not support live migration.")
        age = scheduling.get("maxRunDuration", {}).get("seconds")
        if age is not None and not _LEAST_AGE_S <= int(age) <= _MOST_AGE_S:
            raise invalid("scheduling.maxRunDuration must be between 30 s and 120 days.")
        if age is not None and not scheduling.get("instanceTerminationAction"):
            raise invalid("scheduling.maxRunDuration needs an instanceTerminationAction.")
        for key, value in fields.get("labels", {}).items():
            if not re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", key) or not re.fullmatch(
                r"[a-z0-9_-]{0,63}", value
            ):
                raise invalid(f"Label '{key}' or value '{value}' violates format constraints.")

    def _room(self, a: Json, fields: Json, count: int, least: int) -> tuple[int, tuple[str, str]]:
        """Return how many can be had, and why there are no more."""
        zone, kind = a["zone"], fields["machineType"]
        spot = fields.get("scheduling", {}).get("provisioningModel") == "SPOT"
        keys = (zone, kind, f"{kind} in {zone}", *(("spot",) if spot else ()))
        room = min([count, *(self.capacity[key] for key in keys if key in self.capacity)])
        path = f"projects/{a['project']}/zones/{zone}"
        text = f"The zone '{path}' does not have enough resources available."
        why = ("ZONE_RESOURCE_POOL_EXHAUSTED", text)
        used = sum(one["_cpus"] for one in self.records.everywhere("instances"))
        if self.cpus is not None and used + TYPES[kind] * count > self.cpus:
            room = min(room, (self.cpus - used) // TYPES[kind])
            text = f"Quota 'CPUS' exceeded.  Limit: {self.cpus}.0 in region {zone[:-2]}."
            why = ("QUOTA_EXCEEDED", text)
        for key in keys:
            if key in self.capacity and room >= least:
                self.capacity[key] -= room
        return max(room, 0), why

    def _made(self, a: Json, name: str, fields: Json) -> Json:
        fields, number = copy.deepcopy(fields), next(self._numbers)
        where = f"{BASE}projects/{a['project']}/zones/{a['zone']}"
        kind = fields["machineType"]
        body = {
            **fields,
            "name": name,
            "status": "PROVISIONING",
            "zone": where,
            "machineType": f"{where}/machineTypes/{kind}",
            "labelFingerprint": "abcd",
            "_cpus": TYPES[kind],
            "_project": a["project"],
            "_zone": a["zone"],
        }
        for key in ("tags", "metadata"):
            body[key] = {"fingerprint": "abcd", **fields.get(key, {})}
        default = {"provisioningModel": "STANDARD", "automaticRestart": True}
        body["scheduling"] = {**default, **fields.get("scheduling", {})}
        body["networkInterfaces"] = [
            {**one, "networkIP": f"10.128.{number // 250}.{number % 250 + 2}"}
            for one in fields["networkInterfaces"]
        ]
        made = self.records.make(a, "instances", "instance", body)
        made["disks"] = [
            self._disk(a, made, order, one) for order, one in enumerate(fields["disks"])
        ]
        made["_number"] = number
        return made

    def _disk(self, a: Json, instance: Json, order: int, fields: Json) -> Json:
        asked = fields.get("initializeParams", {})
        name = instance["name"] + (f"-{order}" if order else "")
        about = {
            "name": name,
            "labels": asked.get("labels", {}),
            "users": [instance["selfLink"]],
            "status": "READY",
        }
        disk = self.records.make(a, "disks", "disk", about)
        return {
            "kind": "compute#attachedDisk",
            "boot": bool(fields.get("boot")),
            "autoDelete": bool(fields.get("autoDelete")),
            "source": disk["selfLink"],
        }

    def _runs(self, instance: Json) -> None:
        if instance["status"] not in ("PROVISIONING", "STAGING"):
            return
        number = instance["_number"]
        for one in instance["networkInterfaces"]:
            for access in one.get("accessConfigs", []):
                access["natIP"] = f"198.51.{100 + number // 250}.{number % 250 + 2}"
        self.fleet.start(instance)
        instance["status"] = "RUNNING"
        instance["lastStartTimestamp"] = now()

    def _instance(self, a: Json) -> Json:
        self._zone(a)
        return self.records.find(a, "instances", a["instance"])

    def instances_get(self, a: Json, _: Json) -> Json:
        """Return an instance."""
        return self._instance(a)

    def instances_aggregated_list(self, a: Json, _: Json) -> Json:
        """List the instances of all zones."""
        return self.records.aggregated(a, "instance", "instances")

    def instances_get_guest_attributes(self, a: Json, _: Json) -> Json:
        """Return what the machine says of itself."""
        instance = self._instance(a)
        if "_host_key" not in instance or a.get("queryPath") != "hostkeys/":
            raise Refusal(404, "notFound", "The resource 'hostkeys/' of type 'Guest Attribute'...")
        item = {"namespace": "hostkeys", "key": "ssh-ed25519", "value": instance["_host_key"]}
        return {
            "kind": "compute#guestAttributes",
            "queryPath": "hostkeys/",
            "queryValue": {"items": [item]},
        }

    def instances_delete(self, a: Json, _: Json) -> Json:
        """Delete an instance, and the disks that go with it."""
        instance = self._instance(a)
        if instance.get("deletionProtection"):
            text = "Resource cannot be deleted if it's protected against deletion."
            raise Refusal(400, "resourceInUseByAnotherResource", text)
        instance["status"] = "STOPPING"

        def done() -> None:
            self.records.of(a, "instances").pop(a["instance"], None)
            self.fleet.remove(instance)
            for one in instance["disks"]:
                name = one["source"].rpartition("/")[2]
                if one["autoDelete"]:
                    self.records.of(a, "disks").pop(name, None)
                elif name in self.records.of(a, "disks"):
                    self.records.of(a, "disks")[name]["users"] = []

        return self.records.operation(a, "delete", instance["selfLink"][len(BASE) :], done)

    def instances_stop(self, a: Json, _: Json) -> Json:
        """Stop an instance; its disks stay, its public address does not."""
        instance = self._instance(a)
        if instance["status"] in ("RUNNING", "PROVISIONING", "STAGING"):
            instance["status"] = "STOPPING"

        def done() -> None:
            if instance["status"] == "STOPPING":
                self.fleet.stop(instance)
                for one in instance["networkInterfaces"]:
                    for access in one.get("accessConfigs", []):
                        access.pop("natIP", None)
                instance["status"] = "TERMINATED"

        return self.records.operation(a, "stop", instance["selfLink"][len(BASE) :], done)

    def instances_start(self, a: Json, _: Json) -> Json:
        """Start an instance that is stopped."""
        instance = self._instance(a)
        if instance["status"] == "TERMINATED":
            instance["status"] = "STAGING"
        elif instance["status"] != "RUNNING":
            raise Refusal(400, "resourceNotReady", f"The resource is {instance['status']}")

        def done() -> None:
            self._runs(instance)

        return self.records.operation(a, "start", instance["selfLink"][len(BASE) :], done)

    def end_by_itself(self, instance: Json) -> None:
        """Stop or delete an instance as it was asked to end: preempted, or over its duration."""
        a: dict[str, Any] = {
            "project": instance["_project"],
            "zone": instance["_zone"],
            "instance": instance["name"],
        }
        if instance["scheduling"].get("instanceTerminationAction") == "DELETE":
            self.instances_delete(a, {})
        else:
            self.instances_stop(a, {})

    def expire(self, name: str) -> None:
        """Let an instance's run duration be over; there must be one."""
        found = [one for one in self.records.everywhere("instances") if one["name"] == name]
        assert found[0]["scheduling"]["maxRunDuration"]
        self.end_by_itself(found[0])

    def _powered_off(self, name: str) -> None:
        """A guest's power-off only stops the instance."""
        with self.records.lock:
            for one in self.records.everywhere("instances"):
                if one["name"] == name and one["status"] == "RUNNING":
                    a = {"project": one["_project"], "zone": one["_zone"], "instance": name}
                    self.instances_stop(a, {})
