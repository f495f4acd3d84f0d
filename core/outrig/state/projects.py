"""Known projects, this state directory's id, and what was pulled where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.ids import new_id
from outrig.state.text import restored, storable

if TYPE_CHECKING:
    from outrig.state.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProject:
    """A project that Outrig has worked with on this computer."""

    id: str
    name: str
    root: Path
    created_at: datetime


class Projects:
    """The table of projects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, project: KnownProject) -> None:
        """Record a project, or its new name and place; the time it was first seen stays."""
        row = (
            project.id,
            project.name,
            storable(str(project.root)),
            project.created_at.isoformat(),
        )
        with self._database.write() as rows:
            rows.execute(
                "INSERT INTO project VALUES (?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET name = excluded.name, root = excluded.root",
                row,
            )

    def all(self) -> list[KnownProject]:
        """Return all projects, newest first."""
        found = self._database.read(
            "SELECT id, name, root, created_at FROM project ORDER BY created_at DESC"
        )
        return [
            KnownProject(
                id=str(project_id),
                name=str(name),
                root=Path(restored(str(root))),
                created_at=datetime.fromisoformat(str(created_at)),
            )
            for project_id, name, root, created_at in found
        ]

    def owner(self) -> str:
        """Return this state directory's id, which everything made outside is tagged with."""
        with self._database.write(durable=True) as rows:
            rows.execute("INSERT OR IGNORE INTO meta VALUES ('owner', ?)", (new_id(),))
            found = rows.execute("SELECT value FROM meta WHERE key = 'owner'").fetchone()
        return str(found[0])

    def pulled(self, project_id: str, path: str) -> str | None:
        """Return the digest of what was last brought back to `path` (relative to the root)."""
        found = self._database.read(
            "SELECT digest FROM pulled WHERE project_id = ? AND path = ?",
            project_id,
            storable(path),
        )
        return str(found[0][0]) if found else None

    def set_pulled(self, project_id: str, path: str, digest: str) -> None:
        """Record the digest of what was brought back to `path`."""
        with self._database.write() as rows:
            rows.execute(
                "INSERT OR REPLACE INTO pulled VALUES (?, ?, ?)",
                (project_id, storable(path), digest),
            )
