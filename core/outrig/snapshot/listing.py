"""Lists and deletes the snapshots of an object store. On the way to `snapshot list`: lean."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

from outrig.model.snapshot import DeleteReport, GitState, SnapshotInfo
from outrig.snapshot import label as labels
from outrig.snapshot.repository import opened

if TYPE_CHECKING:
    from outrig.interfaces import Context, ObjectStore
    from outrig.model.snapshot import SnapshotQuery
    from outrig.snapshot.index import LabelRow


def _info(row: LabelRow) -> SnapshotInfo:
    """Return what a row of the index says; its rest was checked when it was put there."""
    id_, name, digest, project, created_us, description, files, size_bytes, rare, body = row
    git = None
    missing: tuple[str, ...] = ()
    if rare:
        fields = json.loads(body.partition(b"\n")[2])
        git = GitState(**fields["git"]) if "git" in fields else None
        missing = tuple(fields["missing_outputs"])
    return SnapshotInfo(
        id=id_,
        name=name,
        digest=digest,
        project_id=project,
        created_at=labels.from_microseconds(created_us),
        description=description,
        file_count=files,
        size_bytes=size_bytes,
        git=git,
        missing_outputs=missing,
    )


def _conditions(query: SnapshotQuery) -> tuple[str, list[object]]:
    where = ["1"]
    values: list[object] = []
    for column, value in (("project", query.project_id), ("name", query.name)):
        if value is not None:
            where.append(f"{column}=?")
            values.append(value)
    if query.id is not None:
        where.append("substr(id, 1, ?)=?")
        values += [len(query.id), query.id.upper()]
    return " AND ".join(where), values


def list_snapshots(
    store: ObjectStore, query: SnapshotQuery, context: Context
) -> tuple[SnapshotInfo, ...]:
    """List snapshots, newest first; see `outrig.hookspecs.list_snapshots`."""
    with opened(store, context) as repository:
        repository.refresh_labels()
        where, values = _conditions(query)
        try:
            return tuple(map(_info, repository.index.select(where, values, limit=query.limit)))
        except (ValueError, KeyError, TypeError) as err:
            raise sqlite3.DatabaseError("a row of the index is damaged") from err


def delete_snapshots(
    store: ObjectStore, digests: tuple[str, ...], context: Context
) -> DeleteReport:
    """Delete labels by id; see `outrig.hookspecs.delete_snapshots`."""
    deleted: list[str] = []
    missing: list[str] = []
    with opened(store, context) as repository:
        there = set(repository.label_ids())
        for snapshot_id in dict.fromkeys(digests):
            (deleted if snapshot_id in there else missing).append(snapshot_id)
        context.check_cancelled()
        if deleted:
            store.delete([labels.label_key(one) for one in deleted])
        repository.index.change_labels((), deleted)
    return DeleteReport(deleted=tuple(deleted), missing=tuple(missing))
