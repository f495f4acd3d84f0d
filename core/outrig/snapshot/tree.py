"""Looks into a snapshot: what is in a directory, and the content of a file."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError, UsageError
from outrig.model.snapshot import Entry, EntryKind
from outrig.snapshot.pathname import display

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.model.snapshot import SnapshotReader

_BATCH = 8
"""Chunks; a file is read in batches of at most 32 MiB."""


def _normal(path: str) -> str:
    normal = posixpath.normpath("/" + path).strip("/")
    return "" if normal == "." else normal


def find_entry(reader: SnapshotReader, path: str) -> Entry | None:
    """Return the entry at a path, `None` when there is none."""
    wanted = _normal(path)
    return next((entry for entry in reader.entries() if entry.path == wanted), None)


def _find(reader: SnapshotReader, path: str) -> Entry:
    entry = find_entry(reader, path)
    if entry is not None:
        return entry
    raise NotFoundError(f'"{display(path)}" is not in snapshot {display(reader.info.name)}')


def list_entries(
    reader: SnapshotReader, path: str = "", *, recursive: bool = False
) -> tuple[Entry, ...]:
    """Return what is in the directory `path`, or the one file; raises `NotFoundError`."""
    top = _normal(path)
    if top:
        entry = _find(reader, top)
        if entry.kind is not EntryKind.DIRECTORY:
            return (entry,)
    prefix = top + "/" if top else ""
    return tuple(
        entry
        for entry in reader.entries()
        if entry.path.startswith(prefix) and (recursive or "/" not in entry.path[len(prefix) :])
    )


def read_file(reader: SnapshotReader, path: str) -> Iterator[bytes]:
    """Yield a file's content in order; raises `NotFoundError`, or `UsageError` for no file."""
    entry = _find(reader, path)
    if entry.kind is not EntryKind.FILE:
        what = "a directory" if entry.kind is EntryKind.DIRECTORY else "a symbolic link"
        raise UsageError(f'"{display(path)}" is {what}, not a file')
    for at in range(0, len(entry.chunks), _BATCH):
        batch = entry.chunks[at : at + _BATCH]
        found = dict(reader.read(frozenset(batch)))
        yield from (found[digest] for digest in batch)
