"""Snapshots as the engine uses them: made from a project, found by name, read from their store."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from outrig import paths
from outrig.config.glance import configured
from outrig.config.stores import StorePlace, is_name, located, store_place
from outrig.errors import ConfigError, PluginError, UsageError
from outrig.model.snapshot import SnapshotLabels, SnapshotQuery
from outrig.session.context import EngineContext
from outrig.settings import Settings
from outrig.state.journal import SessionJournal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from outrig.interfaces import Context, ObjectStore
    from outrig.model.blocks import Link
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
    from outrig.snapshot.gathered import GatheredReader
    from outrig.snapshot.prune import PruneReport
    from outrig.snapshot.restore import RestoreReport
    from outrig.snapshot.retention import Retention
    from outrig.snapshot.scan import Preview
    from outrig.snapshot.statistics import StoreStatistics
    from outrig.snapshot.stored import LinkSource

_MAX_NAME = 200


def default_store() -> str:
    """Return the name or URL of the configured store, else the URL of that on this computer."""
    for name in ("store", "snapshots_dir"):
        settings = configured(name)
        if settings is not None and settings.store is not None:
            return settings.store
        if settings is not None and settings.snapshots_dir is not None:
            return f"file://{settings.snapshots_dir.absolute()}"
    return f"file://{paths.data_dir()}/store"


def project_store() -> str | None:
    """Return the store that the project around the working directory names, if it names one.

    A project file that cannot be read names none: what needs it says what is wrong with it.
    """
    from outrig.project.location import find_project, working_directory

    location = find_project(working_directory())
    try:
        if location is None or b"store" not in (location.root / location.file).read_bytes():
            return None
        from outrig.project.reading import load_project

        return load_project(location).store
    except (OSError, ConfigError):
        return None


def _unnamed() -> str:
    import uuid

    return str(uuid.uuid4())


def _checked(name: str) -> str:
    if not name.isprintable() or len(name) > _MAX_NAME:
        raise UsageError(
            f"snapshot name {name[:40]!r} is not one line of at most {_MAX_NAME} characters"
        )
    return name


class Library:
    """The snapshots in one store: that of a name, URL or path, else the project's or the user's."""

    def __init__(self, runtime: Runtime, store: str | None = None) -> None:
        self._runtime = runtime
        self._asked = store
        self._found: StorePlace | None = None

    @property
    def place(self) -> StorePlace:
        """Where the store is; raises `NotFoundError` for a name that no store has."""
        if self._found is None:
            asked = self._asked
            if asked is None:
                asked = project_store() or default_store()
            self._found = store_place(asked) if is_name(asked) else StorePlace(url=located(asked))
        return self._found

    @property
    def store(self) -> str:
        """The store's URL."""
        return self.place.url

    def prefer(self, store: str) -> None:
        """Take this store (a project's) unless another was asked for."""
        if self._asked is None:
            self._found = None
            self._asked = store

    def at(self, store: str) -> Library:
        """Return the library of another store, by name, URL or path."""
        return Library(self._runtime, store)

    def try_settings(self, place: StorePlace) -> None:
        """Make a store with its settings, without asking it anything; raises `ConfigError`."""
        other = Library(self._runtime)
        other._found = place
        _ = other.objects

    @cached_property
    def objects(self) -> ObjectStore:
        """The store itself; raises `PluginError` when it is not an object store."""
        from outrig.plugins.kinds import FLAG_MARK

        # What a store was given under its name comes before variables, as flags do.
        own = {FLAG_MARK + name: value for name, value in self.place.settings.items()}
        return self._runtime.hooks.store(self.store, own)

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
            SnapshotLabels(name=_checked(name) if name else _unnamed(), description=description),
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

    def gather(
        self,
        places: Sequence[tuple[str, Path]],
        project_id: str,
        name: str,
        *,
        exclude: Sequence[str] = (),
        ignore_files: Sequence[str] = (),
    ) -> GatheredReader:
        """Return files and directories of this computer as one snapshot; nothing is stored.

        Each place is below a directory of the name given with it. Left out is what the patterns of
        `exclude` say, and those of files that are called as in `ignore_files`.
        """
        from outrig.snapshot.gathered import GatheredReader, part_of
        from outrig.snapshot.scan import ScanOptions

        label = self._label(project_id, name)
        files = tuple(one.encode() for one in ignore_files)
        options = ScanOptions(ignore_files=files, exclude=tuple(exclude))
        context = self.context("scan")
        parts = [(part, part_of(path, label, options, context)) for part, path in places]
        return GatheredReader(label, parts)

    def _label(self, project_id: str, name: str) -> SnapshotInfo:
        from outrig.ids import new_id
        from outrig.model.snapshot import SnapshotInfo

        now = self._runtime.clock()
        return SnapshotInfo(
            id=new_id(), name=name, digest="", project_id=project_id, created_at=now
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

    def of_id(self, snapshot_id: str) -> SnapshotInfo | None:
        """Return the snapshot of a whole id, also one whose label is damaged; else `None`.

        Of a damaged one only the id is known. It keeps prunes from working until it is deleted.
        """
        from datetime import UTC, datetime

        from outrig.model.snapshot import SnapshotInfo
        from outrig.snapshot import label

        if not label.is_id(snapshot_id):
            return None
        key = label.label_key(snapshot_id)
        if key not in set(self.objects.keys(key)):
            return None
        return self.find(snapshot_id) or SnapshotInfo(
            id=snapshot_id,
            name="(damaged)",
            digest="",
            project_id="",
            created_at=datetime.fromtimestamp(0, UTC),
        )

    def reader(self, snapshot: SnapshotInfo) -> SnapshotReader:
        """Return a snapshot's content, read from the store as it is needed."""
        from outrig.snapshot.stored import StoredReader

        context = self.context("load")
        return StoredReader(snapshot, self._load_snapshot, context, self._links)

    def _links(self) -> LinkSource | None:
        """Return what makes links to chunks, if the store can."""
        from outrig.interfaces import WithLinks

        if self.store.startswith("file:"):
            return None  # the usual one: it need not be loaded for that
        try:
            store = self.objects
        except PluginError:
            return None  # it answers the hooks in another way
        if not isinstance(store, WithLinks):
            return None

        def linked(digests: Collection[str]) -> Iterator[Link]:
            from outrig.snapshot.linking import links

            return links(store, store, digests, self.context("link"))

        return linked

    def delete(self, ids: Sequence[str]) -> DeleteReport:
        """Delete snapshots by id; missing ones are reported, not an error."""
        return self._runtime.hooks.delete_snapshots(self.store, tuple(ids), self.context("delete"))

    def check(self, ids: Sequence[str] = ()) -> CheckReport:
        """Verify every byte the snapshots rest on; without ids, of the whole store."""
        from outrig.snapshot.check import check_store

        return check_store(self.objects, self.context("check"), ids=ids)

    def prune(self) -> PruneReport:
        """Give back the space of what no snapshot uses, after a grace of 24 h."""
        from outrig.snapshot.prune import prune_store

        return prune_store(self.objects, self.context("prune"))

    def superfluous(self, project_id: str | None, rule: Retention) -> tuple[SnapshotInfo, ...]:
        """Return the snapshots that a rule does not keep; those of sessions are always kept."""
        from outrig.snapshot.retention import superfluous

        sessions = self._runtime.state.sessions.select()
        used = {one.snapshot_id for one in sessions if one.snapshot_id}
        return superfluous(self.list(project_id), rule, self._runtime.clock(), used)

    def copy(
        self, snapshot: SnapshotInfo, target: Library, *, project_id: str | None = None
    ) -> StoredSnapshot:
        """Copy a snapshot into another store, which takes only what it does not have yet.

        It keeps its id, name and digest; with `project_id` it belongs to that project there.
        """
        from outrig.snapshot.copying import CopyReader

        context = target.context("copy")
        source = CopyReader(self.reader(snapshot), context, project_id)
        return target._store_snapshot(source, context)

    def statistics(self) -> StoreStatistics:
        """Return what is in the store, by listing it: one request for each 1000 objects."""
        from outrig.snapshot.statistics import store_statistics

        return store_statistics(self.objects)

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
            self.objects.settings if self.place.settings else Settings(),
            SessionJournal(self._runtime.state.journal, self.store, ""),
            step=step,
            observer=self._runtime.observer,
            cancel=self._runtime.cancel.here(),
        )
