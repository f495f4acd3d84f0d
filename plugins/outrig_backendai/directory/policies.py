"""What a keypair may use."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError
from outrig_backendai.slots import Slots, slots_from

if TYPE_CHECKING:
    from outrig_backendai.directory.database import Directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Limits of a keypair; 0 means none. `total_slots` bounds what its live sessions hold in sum.

    `idle_timeout_s` is in seconds, counted from the end of a session's last run.
    """

    name: str
    max_concurrent_sessions: int
    max_containers_per_session: int
    idle_timeout_s: float
    total_slots: Slots | None
    max_vfolder_count: int = 0
    max_vfolder_size_bytes: int = 0
    vfolder_hosts: tuple[str, ...] = ()
    """Where folders may be kept; none means anywhere."""


class Policies:
    """The table of policies."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def get(self, name: str) -> Policy:
        """Return the policy of that name; raises `NotFoundError`."""
        found = self._directory.rows(
            "SELECT name, max_concurrent_sessions, max_containers_per_session, idle_timeout_s,"
            " total_slots, max_vfolder_count, max_vfolder_size_bytes, vfolder_hosts"
            " FROM policy WHERE name = ?",
            name,
        )
        if not found:
            raise NotFoundError(f"there is no keypair resource policy {name}")
        called, sessions, containers, idle_s, total, folders, size, hosts = found[0]
        pairs = json.loads(str(total))
        return Policy(
            name=str(called),
            max_concurrent_sessions=int(str(sessions)),
            max_containers_per_session=int(str(containers)),
            idle_timeout_s=float(str(idle_s)),
            total_slots=slots_from(pairs) if pairs else None,
            max_vfolder_count=int(str(folders)),
            max_vfolder_size_bytes=int(str(size)),
            vfolder_hosts=tuple(str(hosts).split(",")) if hosts else (),
        )
