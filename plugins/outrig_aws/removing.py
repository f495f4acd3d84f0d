"""Giving things back: instances first, then what can only go once they are gone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from outrig.api import Release, ReleaseReport, ResourceRef
from outrig.errors import AuthError, OutrigError
from outrig_aws.calls import filters
from outrig_aws.faults import is_missing
from outrig_aws.inventory import THERE
from outrig_aws.tags import labels_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrig.api import Context
    from outrig_aws.calls import Aws

AT_ONCE = 500
MOST_VALUES = 200
_CALLS = {
    "security-group": ("delete_security_group", "GroupId"),
    "volume": ("delete_volume", "VolumeId"),
    "address": ("release_address", "AllocationId"),
    "key-pair": ("delete_key_pair", "KeyName"),
    "placement-group": ("delete_placement_group", "GroupName"),
}
_WELL_FORMED = "i-"


class Removal:
    """The giving back of things in one region."""

    def __init__(self, aws: Aws, region: str, context: Context, poll_s: float, limit_s: float):
        self._aws = aws
        self._region = region
        self._context = context
        self._poll_s = poll_s
        self._limit_s = limit_s
        self._asked: dict[str, ResourceRef] = {}
        self._failed: dict[ResourceRef, str] = {}

    def run(self, targets: Sequence[ResourceRef], how: Release) -> ReleaseReport:
        """Give back, or with `KEEP` only stop; what is missing counts as given back."""
        nodes = [one for one in targets if one.kind == "node"]
        rest = [one for one in targets if one.kind != "node"]
        self._asked = {one.id: one for one in nodes}
        found, over = self._found(nodes)
        if how is Release.KEEP:
            self._stop(found)
        else:
            self._terminate(found)
            groups = self._groups(over)
            for one in {(ref.kind, ref.id): ref for ref in [*groups, *rest]}.values():
                self._remove(one)
        released = tuple(one for one in targets if one not in self._failed)
        return ReleaseReport(released=released, failed=tuple(self._failed.items()))

    def _found(self, nodes: Sequence[ResourceRef]) -> tuple[list[Any], list[str]]:
        """Return the instances to give back, and the sessions that have none then.

        Of a session that is given back as a whole these are all: a start may have left some more.
        """
        there = [*THERE, "shutting-down"]
        known = {one.id for one in nodes if one.id.startswith(_WELL_FORMED)}
        whole = {one.session_id for one in nodes} - {""}
        named = self._listed("instance-id", sorted(known), there)
        sessions = {labels_of(one).session for one in named} - {""} | whole
        found = {str(one["InstanceId"]): one for one in named}
        over = set(sessions)
        for one in self._listed("tag:outrig-session", sorted(sessions), there):
            if labels_of(one).session in whole:
                found[str(one["InstanceId"])] = one
            elif one["InstanceId"] not in known:
                over.discard(labels_of(one).session)
        return [*found.values()], sorted(over)

    def _listed(self, name: str, values: Sequence[str], states: Sequence[str] = ()) -> list[Any]:
        """Return the instances that a filter fits; AWS takes at most 200 values of one."""
        found: list[Any] = []
        for start in range(0, len(values), MOST_VALUES):
            part = [*values[start : start + MOST_VALUES]]
            asked: list[dict[str, object]] = [{"Name": name, "Values": part}]
            asked += filters(instance_state_name=[*states]) if states else []
            pages = self._aws.pages(
                self._region, "describe_instances", "Reservations", Filters=asked
            )
            found += [one for group in pages for one in group["Instances"]]
        return found

    def _terminate(self, found: Iterable[Any]) -> None:
        self._each("terminate_instances", found)
        self._wait(found, gone=("terminated",), unless="shutting-down")

    def _stop(self, found: Sequence[Any]) -> None:
        spot = [one for one in found if one.get("InstanceLifecycle") == "spot"]
        plain = [one for one in found if one not in spot]
        self._each("stop_instances", plain)
        self._each("terminate_instances", spot)  # one-time spot instances cannot be stopped
        self._wait(plain, gone=("stopped", "terminated"), unless="")

    def _each(self, call: str, found: Iterable[Any]) -> None:
        ids = [str(one["InstanceId"]) for one in found]
        for start in range(0, len(ids), AT_ONCE):
            part = ids[start : start + AT_ONCE]
            try:
                self._aws.ec2(self._region, call, InstanceIds=part)
            except AuthError:
                raise
            except OutrigError as err:
                if err.__cause__ is None or not is_missing(err.__cause__):
                    self._each_alone(call, part)

    def _each_alone(self, call: str, ids: Sequence[str]) -> None:
        """One that is protected must not keep the others from going."""
        for one in ids:
            try:
                self._aws.ec2(self._region, call, InstanceIds=[one])
            except OutrigError as err:
                if err.__cause__ is None or not is_missing(err.__cause__):
                    self._fail(one, str(err))

    def _wait(self, found: Iterable[Any], *, gone: tuple[str, ...], unless: str) -> None:
        """Wait until instances are as they should be: before that nothing else can go."""
        failed = {one.id for one in self._failed}
        ids = {str(one["InstanceId"]) for one in found} - failed
        deadline = time.monotonic() + self._limit_s
        pause = self._poll_s
        while ids:
            found = self._listed("instance-id", sorted(ids))
            states = {str(one["InstanceId"]): one["State"]["Name"] for one in found}
            ids = {one for one in ids if states.get(one, gone[0]) not in gone}
            if ids and time.monotonic() > deadline:
                for one in ids:
                    if states[one] != unless:
                        self._fail(one, f"it is still {states[one]}")
                return
            if ids:
                self._context.progress(0, len(ids), "nodes to give back")
                time.sleep(pause)
                pause = min(pause * 1.5, 10.0)

    def _fail(self, instance: str, reason: str) -> None:
        ref = ResourceRef(kind="node", id=instance, scope=self._region)
        self._failed[self._asked.get(instance, ref)] = reason

    def _groups(self, sessions: Sequence[str]) -> list[ResourceRef]:
        """Return the security groups that were made for sessions."""
        if not sessions:
            return []
        asked = filters(tag__outrig_session=[*sessions])
        pages = self._aws.pages(
            self._region, "describe_security_groups", "SecurityGroups", Filters=asked
        )
        return [
            ResourceRef(kind="security-group", id=str(one["GroupId"]), scope=self._region)
            for one in pages
        ]

    def _remove(self, ref: ResourceRef) -> None:
        try:
            if ref.kind == "spot-request":
                ids = [ref.id]
                self._aws.ec2(
                    self._region, "cancel_spot_instance_requests", SpotInstanceRequestIds=ids
                )
                return
            call, field = _CALLS[ref.kind]
            self._patiently(call, {field: ref.id})
        except KeyError:
            self._failed[ref] = f"there is no telling how to remove a {ref.kind}"
        except OutrigError as err:
            if err.__cause__ is None or not is_missing(err.__cause__):
                self._failed[ref] = str(err)

    def _patiently(self, call: str, fields: dict[str, object]) -> None:
        """Remove what something may still hold on to for a moment."""
        deadline = time.monotonic() + self._limit_s
        while True:
            try:
                self._aws.ec2(self._region, call, **fields)
            except OutrigError as err:
                held = any(code in str(err) for code in ("DependencyViolation", "InUse"))
                if not held or time.monotonic() > deadline:
                    raise
                time.sleep(self._poll_s)
            else:
                return
