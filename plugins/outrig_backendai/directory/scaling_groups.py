"""Scaling groups: named sets of agents."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outrig.errors import ConflictError, NotFoundError, UsageError

if TYPE_CHECKING:
    from outrig_backendai.directory.database import Directory

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingGroup:
    """One set of agents. Sessions that name none go to the public ones of their domain."""

    name: str
    description: str
    is_active: bool
    is_public: bool
    created_at: str
    domains: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingGroupChange:
    """What is to be otherwise; `None` leaves it as it is."""

    description: str | None = None
    is_active: bool | None = None
    is_public: bool | None = None


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
            "SELECT name, description, is_active, is_public, created_at"
            " FROM scaling_group ORDER BY name"
        )
        return [
            ScalingGroup(
                name=str(name),
                description=str(description),
                is_active=bool(is_active),
                is_public=bool(is_public),
                created_at=str(created_at),
                domains=tuple(domains.get(str(name), ())),
            )
            for name, description, is_active, is_public, created_at in found
        ]

    def of_domain(self, domain: str) -> list[ScalingGroup]:
        """Return the active public ones that a domain uses, by name."""
        return [
            one for one in self.all() if one.is_active and one.is_public and domain in one.domains
        ]

    def get(self, name: str) -> ScalingGroup | None:
        """Return the scaling group of that name."""
        return next((one for one in self.all() if one.name == name), None)

    def named(self, name: str) -> ScalingGroup:
        """Return the scaling group of that name; raises `NotFoundError` naming what there is."""
        found = self.get(name)
        if found is None:
            names = ", ".join(one.name for one in self.all())
            raise NotFoundError(f'there is no scaling group "{name}" (there are: {names})')
        return found

    def add(self, name: str, change: ScalingGroupChange) -> None:
        """Make one, which no domain uses yet; raises `UsageError`, `ConflictError`."""
        if _NAME.fullmatch(name) is None:
            raise UsageError(
                f"{name!r} cannot be the name of a scaling group",
                hint="letters, digits, - _ and . are possible",
            )
        now = datetime.now(UTC).isoformat()
        with self._directory.write() as rows:
            try:
                rows.execute(
                    "INSERT INTO scaling_group (name, description, is_active, created_at)"
                    " VALUES (?, '', 1, ?)",
                    (name, now),
                )
            except sqlite3.IntegrityError:
                raise ConflictError(f'scaling group "{name}" exists already') from None
        self.change(name, change)

    def change(self, name: str, change: ScalingGroupChange) -> None:
        """Change one; raises `NotFoundError`."""
        self.named(name)
        with self._directory.write() as rows:
            rows.execute(
                "UPDATE scaling_group SET description = ifnull(?, description),"
                " is_active = ifnull(?, is_active), is_public = ifnull(?, is_public)"
                " WHERE name = ?",
                (change.description, change.is_active, change.is_public, name),
            )

    def remove(self, name: str) -> None:
        """Remove one that has no agents; raises `NotFoundError`, `ConflictError`."""
        self.named(name)
        agents = self._directory.agents.all([name])
        if agents:
            has = ", ".join(one.id for one in agents)
            raise ConflictError(
                f'scaling group "{name}" has agents: {has}',
                hint="put them elsewhere: bai admin scaling-groups update OTHER --agent ID",
            )
        with self._directory.write() as rows:
            rows.execute("DELETE FROM scaling_group_domain WHERE scaling_group = ?", (name,))
            rows.execute("DELETE FROM scaling_group WHERE name = ?", (name,))

    def associate(self, name: str, domain: str) -> None:
        """Let a domain use one; raises `NotFoundError`."""
        self.named(name)
        if not self._directory.members.has_domain(domain):
            raise NotFoundError(f'there is no domain "{domain}"')
        with self._directory.write() as rows:
            rows.execute("INSERT OR IGNORE INTO scaling_group_domain VALUES (?, ?)", (name, domain))

    def dissociate(self, name: str, domain: str) -> None:
        """Let a domain no longer use one; raises `NotFoundError` when it did not."""
        if domain not in self.named(name).domains:
            raise NotFoundError(f'domain "{domain}" does not use scaling group "{name}"')
        with self._directory.write() as rows:
            rows.execute(
                "DELETE FROM scaling_group_domain WHERE scaling_group = ? AND domain = ?",
                (name, domain),
            )
