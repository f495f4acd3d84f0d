"""What there is in the account, by its tags: every kind of thing that could be left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outrig.api import SESSION_TAG, Node, ResourceRef
from outrig_aws.calls import filters
from outrig_aws.tags import labels_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.api import NodeQuery
    from outrig_aws.calls import Aws

THERE = ["pending", "running", "stopping", "stopped"]
"""States of instances that are, or can be, nodes again."""

KINDS = (
    ("security-group", "describe_security_groups", "SecurityGroups", "GroupId"),
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

_PAGED = {"describe_addresses", "describe_key_pairs", "describe_placement_groups"}
_GONE = {"deleted", "deleting", "cancelled", "closed", "failed", "in-use"}


def wanted_by(query: NodeQuery) -> list[dict[str, object]]:
    """Return the filters for what a query asks about."""
    if query.session_id is not None:
        return filters(tag__outrig_session=query.session_id)
    if query.owner is not None:
        return filters(tag__outrig_owner=query.owner)
    return [{"Name": "tag-key", "Values": [SESSION_TAG]}]


def instances(aws: Aws, region: str, wanted: list[dict[str, object]]) -> Iterator[Any]:
    """Yield instances that are there, as AWS lists them."""
    asked = [*wanted, *filters(instance_state_name=THERE)]
    for group in aws.pages(
        region, "describe_instances", "Reservations", Filters=asked, MaxResults=1000
    ):
        yield from group["Instances"]


def node_of(found: Any, region: str) -> Node:
    """Return an instance as a node, as far as AWS knows it."""
    tags = labels_of(found)
    public = str(found.get("PublicIpAddress") or "")
    return Node(
        id=str(found["InstanceId"]),
        provider="aws",
        rank=int(found.get("AmiLaunchIndex") or 0),
        address=public or str(found.get("PrivateIpAddress") or ""),
        data={
            "scope": region,
            "zone": str(found.get("Placement", {}).get("AvailabilityZone", region)),
            "type": str(found.get("InstanceType", "")),
            "state": str(found.get("State", {}).get("Name", "")),
            "spot": "yes" if found.get("InstanceLifecycle") == "spot" else "",
            "private": str(found.get("PrivateIpAddress") or ""),
            "session": tags.session,
            "owner": tags.owner,
            "launched": str(found.get("LaunchTime", "")),
        },
    )


def why_ended(found: Any) -> str | None:
    """Return why an instance runs no more, `None` if it does."""
    state = str(found.get("State", {}).get("Name", ""))
    if state in ("pending", "running"):
        return None
    said = (
        f"{found.get('StateReason', {}).get('Code', '')} {found.get('StateTransitionReason', '')}"
    )
    if "SpotInstance" in said:
        return "AWS took its spot instance back"
    if "InstanceInitiatedShutdown" in said:
        return f"its machine powered itself off, idle or over its age: it is {state}"
    return f"its instance is {state}"


def others(aws: Aws, region: str, wanted: list[dict[str, object]]) -> Iterator[ResourceRef]:
    """Yield what else is there: what an instance takes with it is not listed apart."""
    for kind, call, key, field in KINDS:
        asked: dict[str, object] = {"Filters": wanted}
        found = (
            aws.ec2(region, call, **asked).get(key, ())
            if call in _PAGED
            else aws.pages(region, call, key, **asked)
        )
        for one in found:
            if _counts(one) and one.get(field):
                session = labels_of(one).session
                yield ResourceRef(kind=kind, id=str(one[field]), scope=region, session_id=session)


def _counts(found: Any) -> bool:
    return str(found.get("State", "")) not in _GONE
