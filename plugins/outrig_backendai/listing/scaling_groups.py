"""The fields of scaling groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError
from outrig_backendai.compute.agents import see_all
from outrig_backendai.directory.scaling_groups import ScalingGroup
from outrig_backendai.listing.field import Field

if TYPE_CHECKING:
    from outrig_backendai.compute.sessions import Compute


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedScalingGroup:
    """A scaling group, and the agents that are in it."""

    group: ScalingGroup
    agents: tuple[str, ...]


def list_scaling_groups(compute: Compute) -> list[ListedScalingGroup]:
    """Return all scaling groups, by name."""
    agents = see_all(compute)
    return [
        ListedScalingGroup(
            group=one, agents=tuple(each.id for each in agents if each.scaling_group == one.name)
        )
        for one in compute.directory.scaling_groups.all()
    ]


def one_scaling_group(compute: Compute, name: str) -> ListedScalingGroup:
    """Return the scaling group of that name; raises `NotFoundError` naming what there is."""
    groups = list_scaling_groups(compute)
    found = compute.directory.scaling_groups.named(name)
    return next(one for one in groups if one.group.name == found.name)


def available_to(compute: Compute, group_name: str) -> list[ListedScalingGroup]:
    """Return the scaling groups that a group of the caller's domain may use.

    Raises `NotFoundError` where there is no such group.
    """
    domain = compute.caller.domain
    if compute.directory.members.group(domain, group_name) is None:
        raise NotFoundError(f'there is no group "{group_name}" in domain "{domain}"')
    names = [one.name for one in compute.directory.scaling_groups.of_domain(domain)]
    return [one for one in list_scaling_groups(compute) if one.group.name in names]


FIELDS: tuple[Field[ListedScalingGroup], ...] = (
    Field("name", "Name", lambda one: one.group.name),
    Field("description", "Description", lambda one: one.group.description),
    Field("is_active", "Active?", lambda one: one.group.is_active),
    Field("is_public", "Public?", lambda one: one.group.is_public),
    Field("created_at", "Created At", lambda one: one.group.created_at),
    Field("driver", "Driver", lambda _: "static"),
    Field("scheduler", "Scheduler", lambda _: "fifo"),
    Field("domains", "Domains", lambda one: one.group.domains),
    Field("agents", "Agents", lambda one: one.agents),
)
