"""`ray list`"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from outrig.api import Column, Command
from outrig_ray.clusters.cluster import clusters
from outrig_ray.clusters.runtime import runtimes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    name: str
    state: str
    provider: str
    nodes: int
    running: int
    head: str
    created: datetime


class RayList(Command):
    """List the Ray clusters."""

    summary = "List Ray clusters"
    details = (
        "As this computer last saw them: RAY counts the nodes on which Ray was started. See "
        "`ray status NAME` for what Ray itself says."
    )
    examples = (("ray list --output json", "for scripts"),)
    lists = True

    def handle(self) -> int:
        """Print them."""
        rows = [
            _Row(
                name=one.name,
                state=one.session.state.value,
                provider=one.session.provider,
                nodes=len(one.nodes),
                running=len(runtimes(self.outrig, one.session)),
                head=one.nodes[0].address or one.nodes[0].id if one.nodes else "",
                created=one.session.created_at,
            )
            for one in clusters(self.outrig)
        ]
        self.listing(rows, _COLUMNS, empty="no clusters; start one: outrig ray up FILE")
        return 0


_COLUMNS: tuple[Column[_Row], ...] = (
    Column("name", lambda one: one.name),
    Column("state", lambda one: one.state),
    Column("provider", lambda one: one.provider),
    Column("nodes", lambda one: one.nodes),
    Column("ray", lambda one: one.running),
    Column("head", lambda one: one.head),
    Column("created", lambda one: one.created),
)
