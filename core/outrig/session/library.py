"""Snapshots as the engine uses them: made from a project, found by name, read from their store."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from outrig import paths
from outrig.config.glance import configured
from outrig.errors import UsageError
from outrig.model.snapshot import SnapshotLabels, SnapshotQuery
from outrig.session.context import EngineContext
from outrig.settings import Settings
from outrig.state.journal import SessionJournal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from outrig.interfaces import Context
    from outrig.model.project import Project
    from outrig.model.snapshot import (
        ChunkSink,
        DeleteReport,
        SnapshotInfo,
        SnapshotReader,
        StoredSnapshot,
        Wanted,
    )
    from outrig.session.runtime import Runtime
    from outrig.snapshot.check import CheckReport
    from outrig.snapshot.prune import PruneReport
    from outrig.snapshot.restore import RestoreReport
    from outrig.snapshot.scan import Preview

_MAX_NAME = 200


def default_store() -> str:
    """Return the URL of the store that counts: the configured one, else on this computer's disk."""
    for name in ("store", "snapshots_dir"):
        settings = configured(name)
        if settings is not None and settings.store is not None:
            return settings.store
        if settings is not None and settings.snapshots_dir is not None:
            return f"file://{settings.snapshots_dir.absolute()}"
    return f"file://{paths.data_dir()}/store"


def _checked(name: str) -> str:
    if not name.isprintable() or len(name) > _MAX_NAME:
        raise UsageError(
            f"snapshot name {name[:40]!r} is not one line of at most {_MAX_NAME} characters"
        )
    return name


class Library:
    """The snapshots in one store."""

    def __init__(self, runtime: Runtime, store: str | None = None) -> None:
        self._runtime = runtime
        self.store = store or default_store()

    def preview(self, project: Project, *, all_files: bool = False) -> Preview:
        """Return what a snapshot would hold, and what would be left out and why."""
        from outrig.snapshot.scan import ScanOptions, preview

        options = ScanOptions(outputs=project.output_files, all_files=all_files)
        return preview(project.root, options, self.context("scan"))

    def create(
        self,
        project: Project,
        project_id: str,
        *,
        name: str | None = None,
        description: str = "",
        all_files: bool = False,
    ) -> StoredSnapshot:
        """Snapshot a project; the default name is a UUID.

        Raises `StoreError`, `ProjectError`, and `UsageError` for a name that is no line of text.
        """
        from outrig.snapshot.create import create_snapshot
        from outrig.snapshot.scan import ScanOptions

        return create_snapshot(
            project.root,
            project_id,
            SnapshotLabels(
                name=_checked(name) if name else str(uuid.uuid4()), description=description
            ),
            ScanOptions(outputs=project.output_files, all_files=all_files),
            self._store_snapshot,
            self.context("snapshot"),
        )

    def draft(self, project: Project, project_id: str) -> SnapshotReader:
        """Return what a snapshot of a project would be now; nothing is stored."""
        from outrig.snapshot.scan import ScanOptions
        from outrig.snapshot.source import TreeReader

        return TreeReader(
            project.root,
            project_id,
            SnapshotLabels(name="(new)"),
            ScanOptions(outputs=project.output_files),
            self.context("scan"),
        )

    def list(
        self, project_id: str | None, *, name: str | None = None, limit: int | None = None
    ) -> tuple[SnapshotInfo, ...]:
        """Return snapshots, newest first."""
        query = SnapshotQuery(project_id=project_id, name=name, limit=limit)
        return self._runtime.hooks.list_snapshots(self.store, query, self.context("list"))

    def resolve(self, project_id: str | None, name: str) -> SnapshotInfo:
        """Return the newest snapshot of that name or id; raises `NotFoundError`.

        Of several with one name the newest counts, and the observer is told.
        """
        from outrig.snapshot.resolve import resolve

        found = resolve(name, project_id, self._list_snapshots, self.context("resolve"))
        if found.others:
            self._runtime.observer.notice(
                f'{len(found.others) + 1} snapshots are called "{name}": taking the newest,'
                f" {found.info.id}"
            )
        return found.info

    def find(self, snapshot_id: str) -> SnapshotInfo | None:
        """Return the snapshot of that id, `None` when it was deleted."""
        query = SnapshotQuery(id=snapshot_id, limit=1)
        found = self._list_snapshots(query, self.context("list")) if snapshot_id else ()
        return next(iter(found), None)

    def reader(self, snapshot: SnapshotInfo) -> SnapshotReader:
        """Return a snapshot's content, read from the store as it is needed."""
        from outrig.snapshot.stored import StoredReader

        return StoredReader(snapshot, self._load_snapshot, self.context("load"))

    def delete(self, ids: Sequence[str]) -> DeleteReport:
        """Delete snapshots by id; missing ones are reported, not an error."""
        return self._runtime.hooks.delete_snapshots(self.store, tuple(ids), self.context("delete"))

    def check(self, ids: Sequence[str] = ()) -> CheckReport:
        """Verify every byte the snapshots rest on; without ids, of the whole store."""
        from outrig.snapshot.check import check_store

        return check_store(self._runtime.hooks.store(self.store), self.context("check"), ids=ids)

    def prune(self) -> PruneReport:
        """Give back the space of what no snapshot uses, after a grace of 24 h."""
        from outrig.snapshot.prune import prune_store

        return prune_store(self._runtime.hooks.store(self.store), self.context("prune"))

    def restore(
        self,
        snapshot: SnapshotInfo,
        directory: Path,
        *,
        overwrite: bool = False,
        outside_links: bool = False,
    ) -> RestoreReport:
        """Write a snapshot's files into a directory; never outside of it."""
        from outrig.snapshot.restore import restore

        return restore(
            self.reader(snapshot),
            directory,
            self.context("restore"),
            overwrite=overwrite,
            outside_links=outside_links,
        )

    def _store_snapshot(self, source: SnapshotReader, context: Context) -> StoredSnapshot:
        return self._runtime.hooks.store_snapshot(self.store, source, context)

    def _load_snapshot(
        self, digest: str, wanted: Wanted, sink: ChunkSink, context: Context
    ) -> bool:
        return self._runtime.hooks.load_snapshot(self.store, digest, wanted, sink, context)

    def _list_snapshots(self, query: SnapshotQuery, context: Context) -> tuple[SnapshotInfo, ...]:
        return self._runtime.hooks.list_snapshots(self.store, query, context)

    def context(self, step: str) -> EngineContext:
        """Return what a store's hook is given."""
        return EngineContext(
            Settings(),
            SessionJournal(self._runtime.state.journal, self.store, ""),
            step=step,
            observer=self._runtime.observer,
            cancel=self._runtime.cancel.here(),
        )
