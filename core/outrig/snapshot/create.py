"""Makes a snapshot of a project and puts it into a store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from outrig.errors import ProjectError
from outrig.snapshot.source import TreeReader

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.interfaces import Context
    from outrig.model.snapshot import SnapshotLabels, SnapshotReader, StoredSnapshot
    from outrig.snapshot.directory import ScanOptions


class StoreHook(Protocol):
    """The hook `store_snapshot` of the chosen store."""

    def __call__(self, source: SnapshotReader, context: Context) -> StoredSnapshot:
        """Keep a snapshot."""


def create_snapshot(
    root: Path,
    project_id: str,
    labels: SnapshotLabels,
    options: ScanOptions,
    store_snapshot: StoreHook,
    context: Context,
) -> StoredSnapshot:
    """Snapshot the directory `root` into a store.

    Raises `ProjectError` when a file cannot be read or keeps changing, and what the store raises.
    """
    source = TreeReader(root, project_id, labels, options, context)
    try:
        stored = store_snapshot(source, context)
    except OSError as err:
        raise ProjectError(f"cannot read {root}: {err.strerror}") from err
    return replace(stored, ignored=source.ignored, left_out=source.left_out)
