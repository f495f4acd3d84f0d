"""The tags that everything made for a session carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from outrig.api import NAME_TAG, OWNER_TAG, SESSION_TAG

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HOST_KEY_TAG = "outrig-host-key"
USER_TAG = "outrig-user"
_LONGEST = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Whose something is, and for an instance how to log in; empty where it is not tagged."""

    owner: str = ""
    session: str = ""
    name: str = ""
    host_key: str = ""
    user: str = ""


def labels(tags: Mapping[str, str]) -> Labels:
    """Read them from tags."""
    return Labels(
        owner=tags.get(OWNER_TAG, ""),
        session=tags.get(SESSION_TAG, ""),
        name=tags.get(NAME_TAG, ""),
        host_key=tags.get(HOST_KEY_TAG, ""),
        user=tags.get(USER_TAG, ""),
    )


def labels_of(found: Any) -> Labels:
    """Read them from what AWS lists."""
    return labels({str(one["Key"]): str(one["Value"]) for one in found.get("Tags") or ()})


def listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as AWS takes them."""
    return [{"Key": key, "Value": value[:_LONGEST]} for key, value in tags.items()]


def specification(kind: str, tags: Mapping[str, str]) -> dict[str, object]:
    """Return what tags a resource in the call that makes it."""
    name = labels(tags).name
    return {"ResourceType": kind, "Tags": listed({"Name": f"outrig-{name}", **tags})}


def specifications(kinds: Iterable[str], tags: Mapping[str, str]) -> list[dict[str, object]]:
    """Return what tags several resources of one call."""
    return [specification(kind, tags) for kind in kinds]
