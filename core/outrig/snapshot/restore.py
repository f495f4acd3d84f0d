"""Writes a snapshot's files into a directory, and nowhere else.

A directory that is not there yet appears whole: it is made beside its place and renamed. In one
that is there, each file is written aside and renamed; files that are right already stay, files that
differ are a conflict unless `overwrite` is given, and all others are left alone.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from outrig import ids
from outrig.errors import ConflictError, StoreError
from outrig.model.snapshot import Entry, EntryKind
from outrig.snapshot.ahead import ended
from outrig.snapshot.manifest import chunk_length
from outrig.snapshot.pathname import display, to_bytes
from outrig.snapshot.safety import (
    check_entries,
    leaving_links,
    refuse_collisions,
    refuse_leaving_links,
)
from outrig.snapshot.staging import INSIDE, Staging
from outrig.snapshot.target import Target
from outrig.snapshot.writing import Writers

if TYPE_CHECKING:
    from collections.abc import Collection

    from outrig.interfaces import Context
    from outrig.model.snapshot import SnapshotReader

_SHOWN = 20
_PROGRESS_BYTES = 16 << 20
_BATCH_CHUNKS = 16384
_Places: TypeAlias = dict[str, list[tuple[Entry, int]]]
"""Where each chunk belongs: the files, and its number in each."""


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
    aside = Staging(directory.parent, f".{directory.name[:40]}.outrig-", 0o777)
    try:
        _refuse_collisions(entries, aside.path, case_sensitive)
        target = Target(aside.fd, None)
        try:
            report = _Restoring(reader, entries, target, context).run()
        finally:
            target.close()
        context.check_cancelled()
        aside.path.rename(directory)
    except BaseException:
        aside.remove()
        raise
    finally:
        aside.close()
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
    _refuse_collisions(entries, directory, case_sensitive)
    staging = Staging(directory, INSIDE, 0o700)
    try:
        target = Target.of(directory, staging.fd)
        try:
            kept: set[str] = set()
            if any(one.name != staging.path.name for one in directory.iterdir()):
                kept = _compare_all(entries, target, context, overwrite)
            return _Restoring(reader, entries, target, context, kept).run()
        finally:
            target.close()
    finally:
        staging.remove()
        staging.close()


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
        self._shown = 0
        self._total = 0

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
        """Write files in batches: what is known about where chunks are stays bounded."""
        wanted = [
            one
            for one in self._entries
            if one.kind is EntryKind.FILE and one.path not in self._kept
        ]
        self._total = sum(one.size_bytes for one in wanted)
        with Writers(self._target) as writers:
            places: _Places = {}
            count = 0
            for entry in wanted:
                if not entry.chunks:
                    writers.write(entry, 0, b"")
                for index, digest in enumerate(entry.chunks):
                    places.setdefault(digest, []).append((entry, index))
                    count += 1
                    if count >= _BATCH_CHUNKS:
                        self._write_chunks(places, writers)
                        places, count = {}, 0
            self._write_chunks(places, writers)
            self._files += writers.finish()

    def _write_chunks(self, places: _Places, writers: Writers) -> None:
        with ended(self._reader.read(frozenset(places))) as chunks:
            for digest, data in chunks:
                self._context.check_cancelled()
                for entry, index in places.pop(digest, ()):
                    if len(data) != chunk_length(entry.size_bytes, index):
                        where = display(entry.path)
                        raise StoreError(f"the content of {where} is of the wrong length")
                    self._bytes += len(data)
                    writers.write(entry, index, data)
                if self._bytes - self._shown >= _PROGRESS_BYTES:
                    self._shown = self._bytes
                    self._context.progress(self._bytes, self._total, "bytes restored")
        if places:
            entry = next(iter(places.values()))[0][0]
            raise StoreError(f"the content of {display(entry.path)} did not come")

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
