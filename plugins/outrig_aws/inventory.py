"""What there is in the account, by its tags: every kind of thing that could be left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outrig.api import OWNER_TAG, SESSION_TAG, Release, ResourceRef
from outrig.cloud.account import Account
from outrig.cloud.machines import THERE, Listing, Machine, MachineState
from outrig.errors import AuthError, OutrigError
from outrig_aws.calls import filters
from outrig_aws.faults import is_missing
from outrig_aws.tags import labels_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from outrig.cloud.machines import Wanted
    from outrig_aws.calls import Aws

AT_ONCE = 500
MOST_VALUES = 200
GROUP = "security-group"
_WELL_FORMED = "i-"
RAY_TAGS = "ray-"
"""What the tags of Ray's cluster launcher begin with."""

KINDS = (
    (GROUP, "describe_security_groups", "SecurityGroups", "GroupId"),
    ("volume", "describe_volumes", "Volumes", "VolumeId"),
    ("address", "describe_addresses", "Addresses", "AllocationId"),
    ("key-pair", "describe_key_pairs", "KeyPairs", "KeyName"),
    ("placement-group", "describe_placement_groups", "PlacementGroups", "GroupName"),
    (
        "spot-request",
        "describe_spot_instance_requests",
        "SpotInstanceRequests",
        "SpotInstanceRequestId",
    ),
)
"""What else can carry our tags: kind, listing, its key, and the field with the id."""

_REMOVE = {
    GROUP: "delete_security_group",
    "volume": "delete_volume",
    "address": "release_address",
    "key-pair": "delete_key_pair",
    "placement-group": "delete_placement_group",
    "spot-request": "cancel_spot_instance_requests",
}
_PAGED = {"describe_addresses", "describe_key_pairs", "describe_placement_groups"}
_GONE = {"deleted", "deleting", "cancelled", "closed", "failed", "in-use"}


class Ec2(Account):
    """Instances, and what else carries our tags; a scope is a region."""

    name = "aws"

    def __init__(self, aws: Aws) -> None:
        self.aws = aws

    def scopes(self) -> tuple[str, ...]:
        """Return the regions to use, in order; raises `ConfigError`."""
        return self.aws.regions()

    def machines(self, scope: str, wanted: Wanted, *, ended: bool = False) -> Listing:
        """Return instances by their ids or tags; AWS takes at most 200 values of one filter."""
        found: list[Machine] = []
        for asked in _asked(wanted):
            if not ended:
                asked += filters(instance_state_name=[one.value for one in THERE])
            found += [machine_of(one, scope) for one in self.instances(scope, asked)]
        return Listing(machines=tuple(found))

    def instances(self, region: str, asked: list[dict[str, object]]) -> Iterator[Any]:
        """Yield instances as AWS lists them."""
        fields: dict[str, Any] = {"Filters": asked, "MaxResults": 1000}
        for group in self.aws.pages(region, "describe_instances", "Reservations", **fields):
            yield from group["Instances"]

    def others(self, scope: str, wanted: Wanted) -> Iterator[ResourceRef]:
        """Yield what else is there: what an instance takes with it is not listed apart."""
        for kind, *_ in KINDS:
            yield from self._of_kind(kind, scope, wanted)

    def beside(self, scope: str, sessions: Sequence[str]) -> Iterator[ResourceRef]:
        """Yield the security groups that were made for sessions."""
        asked = filters(tag__outrig_session=[*sessions])
        pages = self.aws.pages(scope, "describe_security_groups", "SecurityGroups", Filters=asked)
        for one in pages:
            yield ResourceRef(kind=GROUP, id=str(one["GroupId"]), scope=scope)

    def _of_kind(self, kind: str, scope: str, wanted: Wanted) -> Iterator[ResourceRef]:
        _, call, key, field = next(one for one in KINDS if one[0] == kind)
        for asked in _asked(wanted):
            fields: dict[str, Any] = {"Filters": asked}
            found = (
                self.aws.ec2(scope, call, **fields).get(key, ())
                if call in _PAGED
                else self.aws.pages(scope, call, key, **fields)
            )
            for one in found:
                if str(one.get("State", "")) not in _GONE and one.get(field):
                    session = labels_of(one).session
                    yield ResourceRef(
                        kind=kind, id=str(one[field]), scope=scope, session_id=session
                    )

    def start(self, scope: str, machines: Sequence[Machine]) -> None:
        """Start instances that are stopped."""
        self.aws.ec2(scope, "start_instances", InstanceIds=[one.id for one in machines])

    def end(self, scope: str, machines: Sequence[Machine], how: Release) -> dict[str, str]:
        """Terminate instances, or with `KEEP` stop them; one-time spot ones cannot be stopped."""
        stop = [one.id for one in machines if how is Release.KEEP and not one.spot]
        refused = self._each(scope, "stop_instances", stop)
        terminate = [one.id for one in machines if one.id not in stop]
        return {**refused, **self._each(scope, "terminate_instances", terminate)}

    def _each(self, region: str, call: str, ids: Sequence[str]) -> dict[str, str]:
        refused: dict[str, str] = {}
        for start in range(0, len(ids), AT_ONCE):
            part = [*ids[start : start + AT_ONCE]]
            try:
                self.aws.ec2(region, call, InstanceIds=part)
            except AuthError:
                raise
            except OutrigError as err:
                if not _is_gone(err):
                    refused.update(self._each_alone(region, call, part))
        return refused

    def _each_alone(self, region: str, call: str, ids: Iterable[str]) -> Iterator[tuple[str, str]]:
        """One that is protected must not keep the others from going."""
        for one in ids:
            try:
                self.aws.ec2(region, call, InstanceIds=[one])
            except OutrigError as err:
                if not _is_gone(err):
                    yield one, str(err)

    def remove(self, ref: ResourceRef) -> bool:
        """Remove another resource, true once it is gone; false while something holds on to it."""
        if ref.kind not in _REMOVE:
            raise OutrigError(f"there is no telling how to remove a {ref.kind}")
        field = next(field for kind, _, _, field in KINDS if kind == ref.kind)
        fields: dict[str, object] = {field: ref.id}
        if ref.kind == "spot-request":
            fields = {"SpotInstanceRequestIds": [ref.id]}
        try:
            self.aws.ec2(ref.scope, _REMOVE[ref.kind], **fields)
        except OutrigError as err:
            if any(code in str(err) for code in ("DependencyViolation", "InUse")):
                return False
            if not _is_gone(err):
                raise
        return True


def _is_gone(err: OutrigError) -> bool:
    return err.__cause__ is not None and is_missing(err.__cause__)


def _asked(wanted: Wanted) -> Iterator[list[dict[str, object]]]:
    """Yield the filters for what is wanted: several where there are many values."""
    if wanted.ids or wanted.sessions:
        name = "instance-id" if wanted.ids else f"tag:{SESSION_TAG}"
        known = [one for one in wanted.ids if one.startswith(_WELL_FORMED)]
        values = known if wanted.ids else [*wanted.sessions]
        for start in range(0, len(values), MOST_VALUES):
            yield [{"Name": name, "Values": values[start : start + MOST_VALUES]}]
    elif wanted.tag is not None:
        yield [{"Name": "tag-key", "Values": [wanted.tag]}]
    elif wanted.owner is not None:
        yield [{"Name": f"tag:{OWNER_TAG}", "Values": [wanted.owner]}]
    else:
        yield [{"Name": "tag-key", "Values": [SESSION_TAG]}]


def machine_of(found: Any, region: str) -> Machine:
    """Return an instance as a machine, as far as AWS knows it."""
    tags = labels_of(found)
    all_tags = {str(one["Key"]): str(one["Value"]) for one in found.get("Tags") or ()}
    state = MachineState(str(found.get("State", {}).get("Name", "")))
    return Machine(
        id=str(found["InstanceId"]),
        scope=region,
        state=state,
        zone=str(found.get("Placement", {}).get("AvailabilityZone", region)),
        type=str(found.get("InstanceType", "")),
        rank=int(found.get("AmiLaunchIndex") or 0),
        spot=found.get("InstanceLifecycle") == "spot",
        public=str(found.get("PublicIpAddress") or ""),
        private=str(found.get("PrivateIpAddress") or ""),
        session=tags.session,
        owner=tags.owner,
        launched=str(found.get("LaunchTime", "")),
        why=_why(found, state),
        taken_back="SpotInstance" in _said(found),
        known={"host_key": tags.host_key, "user": tags.user},
        tags={name: one for name, one in all_tags.items() if name.startswith(RAY_TAGS)},
    )


def _said(found: Any) -> str:
    code = found.get("StateReason", {}).get("Code", "")
    return f"{code} {found.get('StateTransitionReason', '')}"


def _why(found: Any, state: MachineState) -> str:
    """Return why an instance runs no more, empty where AWS has no word on it."""
    if "SpotInstance" in _said(found):
        return "AWS took its spot instance back"
    if "InstanceInitiatedShutdown" in _said(found):
        return f"its machine powered itself off, idle or over its age: it is {state.value}"
    reason = str(found.get("StateReason", {}).get("Message") or "")
    return reason and f"its instance is {state.value}: {reason}"
