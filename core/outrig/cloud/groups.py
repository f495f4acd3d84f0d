"""Machines of several kinds in one session: a head, and workers that differ from it.

`worker_groups` is JSON, a list of groups: `count`, and the settings that stand over the others for
them. The first machine is the head, which takes the settings as they are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Generic, cast

from outrig.cloud.launching import S
from outrig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

_OWN = (
    "instance_type",
    "machine_type",
    "image",
    "image_family",
    "spot",
    "disk",
    "subnet",
    "security_group",
    "service_account",
    "scopes",
    "node_config",
    "tags",
)
_BARE = ("spot", "node_config", "image", "image_family", "disk", "tags")
"""What a group does not take over from the head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Generic[S]):
    """How many machines of one kind a session has, and the settings they are made with."""

    number: int
    count: int
    settings: S


def groups_of(settings: S, count: int, provider: str) -> tuple[Group[S], ...]:
    """Return the groups of a session of `count` machines, the head's first.

    Machines beyond those that groups name are like the last. Raises `ConfigError`.
    """
    if not settings.worker_groups:
        return (Group(number=0, count=count, settings=settings),)
    found = [Group(number=0, count=min(1, count), settings=settings)]
    left = count - 1
    for number, (wanted, own) in enumerate(_read(settings, provider), 1):
        taken = min(wanted, max(0, left))
        left -= taken
        found.append(Group(number=number, count=taken, settings=own))
    if left > 0:
        found[-1] = replace(found[-1], count=found[-1].count + left)
    return tuple(found)


def _read(settings: S, provider: str) -> Iterator[tuple[int, S]]:
    place = f"providers.{provider}.worker_groups"
    try:
        groups = json.loads(settings.worker_groups or "[]")
    except ValueError as err:
        raise ConfigError(f"{place} is no JSON: {err}") from err
    if not isinstance(groups, list) or not all(isinstance(one, dict) for one in groups):
        raise ConfigError(f"{place}: expected a list of mappings")
    known = {one.name for one in fields(cast("Any", settings))} & set(_OWN)
    for group in groups:
        count = group.pop("count", 0)
        unknown = sorted(set(group) - known)
        if unknown or not isinstance(count, int) or count < 0:
            what = f"unknown {', '.join(unknown)}" if unknown else "count is no number"
            raise ConfigError(f"{place}: {what}", hint=f"a group has count, {', '.join(known)}")
        values: dict[str, Any] = {
            name: getattr(type(settings)(), name) for name in _BARE if name in known
        }
        for name, value in group.items():
            values[name] = tuple(value) if isinstance(value, list) else value
        yield count, replace(settings, **values)
