"""Agents: this computer, hosts and clouds of Outrig's providers, as places where kernels run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError
from outrig_backendai.slots import NONE, Slots, recorded_slots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig_backendai.directory.database import Directory

_COLUMNS = (
    "id, scaling_group, provider, settings, is_pool, slots, status, architecture, first_contact,"
    " seen_at"
)


_OTHER_NAMES = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One place for kernels. A pool makes a machine for each kernel, so nothing there is scarce.

    `settings` stand over those of its provider, `slots` is all it has. Times are ISO texts in UTC.
    """

    id: str
    scaling_group: str
    provider: str
    settings: Mapping[str, object] = field(default_factory=dict)
    is_pool: bool = False
    slots: Slots = NONE
    status: str = "ALIVE"
    architecture: str = ""
    """The processor it has, as `uname -m` calls it; a pool may have any."""
    first_contact: str = ""
    seen_at: str = ""

    def fits(self, architecture: str) -> bool:
        """Tell whether programs for a processor run there."""
        return self.is_pool or not self.architecture or self.architecture == plain(architecture)


def plain(architecture: str) -> str:
    """Return a processor's name as `uname -m` has it."""
    return _OTHER_NAMES.get(architecture.lower(), architecture.lower())


class Agents:
    """The table of agents."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def all(self, scaling_groups: Sequence[str] | None = None) -> list[Agent]:
        """Return the agents of some scaling groups, or all, by id."""
        found = self._directory.rows(f"SELECT {_COLUMNS} FROM agent ORDER BY id")  # noqa: S608
        agents = [
            Agent(
                id=str(ident),
                scaling_group=str(group),
                provider=str(provider),
                settings=json.loads(str(settings)),
                is_pool=bool(is_pool),
                slots=recorded_slots(json.loads(str(slots))),
                status=str(status),
                architecture=str(architecture),
                first_contact=str(first),
                seen_at=str(seen),
            )
            for (
                ident,
                group,
                provider,
                settings,
                is_pool,
                slots,
                status,
                architecture,
                first,
                seen,
            ) in found
        ]
        return [
            one for one in agents if scaling_groups is None or one.scaling_group in scaling_groups
        ]

    def get(self, agent_id: str) -> Agent | None:
        """Return the agent of that id."""
        return next((one for one in self.all() if one.id == agent_id), None)

    def move(self, agent_id: str, scaling_group: str) -> None:
        """Put an agent into a scaling group; raises `NotFoundError`."""
        with self._directory.write() as rows:
            moved = rows.execute(
                "UPDATE agent SET scaling_group = ? WHERE id = ?", (scaling_group, agent_id)
            )
            if not moved.rowcount:
                names = ", ".join(one.id for one in self.all())
                raise NotFoundError(f'there is no agent "{agent_id}" (there are: {names})')

    def see(self, agent: Agent) -> None:
        """Record that an agent was found as it is now."""
        now = datetime.now(UTC).isoformat()
        with self._directory.write() as rows:
            rows.execute(
                f"INSERT INTO agent ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
                " ON CONFLICT (id) DO UPDATE SET provider = excluded.provider,"
                " settings = excluded.settings, is_pool = excluded.is_pool,"
                " slots = excluded.slots, status = excluded.status,"
                " architecture = excluded.architecture, seen_at = excluded.seen_at",
                (
                    agent.id,
                    agent.scaling_group,
                    agent.provider,
                    json.dumps(dict(agent.settings)),
                    agent.is_pool,
                    json.dumps(agent.slots.pairs()),
                    agent.status,
                    agent.architecture,
                    now,
                    now,
                ),
            )
