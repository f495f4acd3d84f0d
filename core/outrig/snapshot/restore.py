"""Writes a snapshot's files into a directory, and nowhere else.

A directory that is not there yet appears whole: it is made beside its place and renamed. In one
that is there, each file is written aside and renamed; files that are right already stay, files that
differ are a conflict unless `overwrite` is given, and all others are left alone.
"""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outrig import ids
from outrig.errors import ConflictError, StoreError
from outrig.model.snapshot import Entry, EntryKind
from outrig.snapshot.manifest import chunk_length
from outrig.snapshot.pathname import display, to_bytes
from outrig.snapshot.safety import (
    check_entries,
    leaving_links,
    refuse_collisions,
    refuse_leaving_links,
)
from outrig.snapshot.target import Target

if TYPE_CHECKING:
    from collections.abc import Collection

    from outrig.interfaces import Context
    from outrig.model.snapshot import SnapshotReader

_SHOWN = 20
_PROGRESS_BYTES = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreReport:
    """What was written; `kept` counts files and links that were right already."""

    files: int = 0
    directories: int = 0
    links: int = 0
    size_bytes: int = 0
    kept: int = 0
    outside_links: tuple[str, ...] = ()
    """Restored links that point out of the directory."""


def restore(
    reader: SnapshotReader,
    directory: Path,
    context: Context,
    *,
    overwrite: bool = False,
    outside_links: bool = False,
    case_sensitive: bool | None = None,
) -> RestoreReport:
    """Restore a snapshot into `directory`, which is made if it is not there.

    Raises `StoreError` for a snapshot that cannot be restored safely or whole, `ConflictError` for
    files that are there and differ. `case_sensitive` is found out when not given.
    """
    entries = reader.entries()
    check_entries(entries)
    if not outside_links:
        refuse_leaving_links(entries)
    try:
        if os.path.lexists(directory):
            return _into_existing(reader, entries, directory, context, overwrite, case_sensitive)
        return _into_new(reader, entries, directory, context, case_sensitive)
    except OSError as err:
        what = display(os.fsencode(err.filename)) if err.filename else directory
        raise StoreError(f"cannot restore into {directory}: {err.strerror}: {what}") from err


def _into_new(
    reader: SnapshotReader,
    entries: Collection[Entry],
    directory: Path,
    context: Context,
    case_sensitive: bool | None,
) -> RestoreReport:
    directory = Path(os.path.abspath(directory))  # noqa: PTH100 - links on the way stay as they are
    directory.parent.mkdir(parents=True, exist_ok=True)
    aside = directory.parent / f".{directory.name[:100]}.outrig-{ids.new_id()}"
    aside.mkdir()
    try:
        _refuse_collisions(entries, aside, case_sensitive)
        target = Target(aside, None)
        try:
            report = _Restoring(reader, entries, target, context).run()
        finally:
            target.close()
        context.check_cancelled()
        aside.rename(directory)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return report


def _into_existing(
    reader: SnapshotReader,
    entries: Collection[Entry],
    directory: Path,
    context: Context,
    overwrite: bool,
    case_sensitive: bool | None,
) -> RestoreReport:
    if not directory.is_dir():
        raise ConflictError(f"{directory} is not a directory")
    staging = f".outrig-restore-{ids.new_id()}"
    _refuse_collisions(entries, directory, case_sensitive)
    target = Target(directory, staging)
    try:
        kept: set[str] = set()
        if any(one.name != staging for one in directory.iterdir()):
            kept = _compare_all(entries, target, context, overwrite)
        return _Restoring(reader, entries, target, context, kept).run()
    finally:
        target.close()
        shutil.rmtree(directory / staging, ignore_errors=True)


def _refuse_collisions(
    entries: Collection[Entry], directory: Path, case_sensitive: bool | None
) -> None:
    if case_sensitive is None:
        case_sensitive = _tells_case(directory)
    if not case_sensitive:
        refuse_collisions(entries)


def _tells_case(directory: Path) -> bool:
    """Find out whether a directory tells upper case from lower."""
    probe = directory / f".outrig-case-{ids.new_id()}"
    probe.touch(exist_ok=False)
    try:
        return not os.path.lexists(directory / probe.name.upper())
    finally:
        probe.unlink()


def _compare_all(
    entries: Collection[Entry], target: Target, context: Context, overwrite: bool
) -> set[str]:
    """Return the paths that are right already; raises `ConflictError` naming those that differ."""
    kept = set()
    differing = []
    for entry in entries:
        context.check_cancelled()
        status = target.status(entry.path)
        if status is None:
            continue
        if _is_right(entry, status, target):
            kept.add(entry.path)
        elif not overwrite or (
            stat.S_ISDIR(status.st_mode) and entry.kind is not EntryKind.DIRECTORY
        ):
            differing.append(display(entry.path))
    if differing:
        more = f" and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
        raise ConflictError(
            "these are there already and differ: " + ", ".join(differing[:_SHOWN]) + more,
            hint="restore into another directory, or replace them with --overwrite",
        )
    return kept


def _is_right(entry: Entry, status: os.stat_result, target: Target) -> bool:
    mode = status.st_mode
    if entry.kind is EntryKind.DIRECTORY:
        return stat.S_ISDIR(mode)
    if entry.kind is EntryKind.SYMLINK:
        same = stat.S_ISLNK(mode) and target.link_target(entry.path)
        return same == to_bytes(entry.target or "")
    if not stat.S_ISREG(mode) or status.st_size != entry.size_bytes:
        return False
    if bool(mode & 0o111) != entry.executable:
        return False
    return _same_content(entry, target)


def _same_content(entry: Entry, target: Target) -> bool:
    from blake3 import blake3

    fd = target.open_file(entry.path)
    with os.fdopen(fd, "rb", buffering=0) as stream:
        for index, digest in enumerate(entry.chunks):
            data = stream.read(chunk_length(entry.size_bytes, index))
            if blake3(data).hexdigest() != digest:
                return False
    return True


class _Restoring:
    """One restore: directories first, then files as their chunks come, links last."""

    def __init__(
        self,
        reader: SnapshotReader,
        entries: Collection[Entry],
        target: Target,
        context: Context,
        kept: set[str] | None = None,
    ) -> None:
        self._reader = reader
        self._entries = entries
        self._target = target
        self._context = context
        self._kept = kept or set()
        self._files = 0
        self._bytes = 0

    def run(self) -> RestoreReport:
        directories = [one for one in self._entries if one.kind is EntryKind.DIRECTORY]
        for entry in directories:
            self._context.check_cancelled()
            self._target.make_directory(entry.path)
        self._write_files()
        links = self._write_links()
        for entry in reversed(directories):
            self._target.set_times(entry)
        right = [one for one in self._entries if one.path in self._kept]
        return RestoreReport(
            files=self._files,
            directories=len(directories),
            links=len(links),
            size_bytes=self._bytes,
            kept=sum(1 for one in right if one.kind is not EntryKind.DIRECTORY),
            outside_links=tuple(one.path for one in leaving_links(self._entries)),
        )

    def _write_files(self) -> None:
        places: dict[str, list[tuple[Entry, int]]] = {}
        for entry in self._entries:
            if entry.kind is not EntryKind.FILE or entry.path in self._kept:
                continue
            if not entry.chunks:
                self._target.write_chunk(entry, 0, b"")
                self._files += 1
            for index, digest in enumerate(entry.chunks):
                places.setdefault(digest, []).append((entry, index))
        total = sum(one.size_bytes for wanted in places.values() for one, at in wanted if not at)
        shown = 0
        for digest, data in self._reader.read(frozenset(places)):
            self._context.check_cancelled()
            for entry, index in places.pop(digest, ()):
                self._write(entry, index, data)
            if self._bytes - shown >= _PROGRESS_BYTES:
                shown = self._bytes
                self._context.progress(self._bytes, total, "bytes restored")
        if places:
            entry = next(iter(places.values()))[0][0]
            raise StoreError(f"the content of {display(entry.path)} did not come")

    def _write(self, entry: Entry, index: int, data: bytes) -> None:
        if len(data) != chunk_length(entry.size_bytes, index):
            raise StoreError(f"the content of {display(entry.path)} is of the wrong length")
        self._bytes += len(data)
        self._files += self._target.write_chunk(entry, index, data)

    def _write_links(self) -> list[Entry]:
        links = [
            one
            for one in self._entries
            if one.kind is EntryKind.SYMLINK and one.path not in self._kept
        ]
        for entry in links:
            self._context.check_cancelled()
            self._target.make_link(entry)
        return links
