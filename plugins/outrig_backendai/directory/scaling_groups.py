"""Scaling groups: named sets of agents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrig_backendai.directory.database import Directory


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingGroup:
    """One set of agents. Sessions that name none go to those of their domain."""

    name: str
    description: str
    is_active: bool
    created_at: str
    domains: tuple[str, ...]


class ScalingGroups:
    """The tables of scaling groups, and of the domains that use them."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def all(self) -> list[ScalingGroup]:
        """Return all of them, by name."""
        domains: dict[str, list[str]] = {}
        for group, domain in self._directory.rows(
            "SELECT scaling_group, domain FROM scaling_group_domain ORDER BY domain"
        ):
            domains.setdefault(str(group), []).append(str(domain))
        found = self._directory.rows(
            "SELECT name, description, is_active, created_at FROM scaling_group ORDER BY name"
        )
        return [
            ScalingGroup(
                name=str(name),
                description=str(description),
                is_active=bool(is_active),
                created_at=str(created_at),
                domains=tuple(domains.get(str(name), ())),
            )
            for name, description, is_active, created_at in found
        ]

    def of_domain(self, domain: str) -> list[ScalingGroup]:
        """Return the active ones that a domain uses, by name."""
        return [one for one in self.all() if one.is_active and domain in one.domains]

    def get(self, name: str) -> ScalingGroup | None:
        """Return the scaling group of that name."""
        return next((one for one in self.all() if one.name == name), None)
