"""A project directory as a snapshot: walked, read and hashed in one pass."""

from __future__ import annotations

import os
import stat
from array import array
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from blake3 import blake3

from outrig import ids
from outrig.errors import ProjectError
from outrig.model.snapshot import LeftOut, SnapshotInfo
from outrig.snapshot import scancache
from outrig.snapshot.directory import RACY_NS, STAT_FIELDS, Directory, ScanOptions
from outrig.snapshot.gitstate import GitQuestion
from outrig.snapshot.manifest import Part, decode, pack_times
from outrig.snapshot.reading import DirectoryReader
from outrig.snapshot.reread import read_again
from outrig.snapshot.scancache import CachedDirectory, Counts
from outrig.snapshot.streamed import StreamedReader
from outrig.snapshot.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from outrig.interfaces import Context
    from outrig.model.snapshot import Entry, SnapshotLabels

_SHOWN_PROBLEMS = 20


class TreeReader(StreamedReader):
    """A project directory as it is now; whatever needs the entries reads it, once."""

    def __init__(
        self,
        root: Path,
        project_id: str,
        labels: SnapshotLabels,
        options: ScanOptions,
        context: Context,
    ) -> None:
        self._root = os.path.realpath(os.fsencode(root))
        self._project_id = project_id
        self._labels = labels
        self._options = options
        self._context = context
        self._git = GitQuestion(self._root)
        self._parts: list[Part] = []
        self._times = array("q")
        self._cached: list[CachedDirectory] = []
        self._walk: Walk | None = None
        self._done = False
        self._file_count = 0
        self._size_bytes = 0
        self._counts = Counts()
        self._entries: list[Entry] | None = None
        self._info: SnapshotInfo | None = None

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What is not in the snapshot although no rule says so: special and vanished files."""
        self._finish()
        return () if self._walk is None else tuple(self._walk.left_out)

    @property
    def ignored(self) -> int:
        """How many names the ignore rules left out; a directory counts once."""
        self._finish()
        return self._counts.ignored

    @property
    def info(self) -> SnapshotInfo:
        """The snapshot's label."""
        self._finish()
        if self._info is None:
            self._info = self._describe()
        return self._info

    def entries(self) -> Collection[Entry]:
        """Every entry, sorted by path."""
        if self._entries is None:
            parts, times = self.encoding()
            self._entries = decode(b"".join(part.data for part in parts), times)
        return self._entries

    def encoding(self) -> tuple[list[Part], bytes]:
        """Return the manifest's parts and the times."""
        self._finish()
        return self._parts, pack_times(self._times)

    def read(self, digests: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """Read chunks again by their digest; raises `ProjectError` when a file changed."""
        return read_again(self._root, self.entries(), digests)

    def hand_over(self, take: Callable[[bytes, bytes], None]) -> bool:
        """Read every file that is not known from the last scan; see `StreamedReader`."""
        if self._done:
            return False
        for digest, data in self._stream():
            take(digest, data)
        return True

    def _stream(self) -> Iterator[tuple[bytes, bytes]]:
        file = scancache.cache_file(self._root, self._options)
        scan = scancache.load(file)
        if scan.is_unchanged(self._root):
            self._parts = [Part(part) for part in scan.parts()]
            self._times, self._counts, self._done = scan.times(), scan.counts, True
            return
        cache = scan.directories()
        self._walk = walk = Walk(self._root, self._options, cache)
        self._parts, self._times, self._cached = [], array("q"), []
        self._file_count = self._size_bytes = 0
        reader = DirectoryReader(walk, self._context)
        for directory in walk:
            self._context.check_cancelled()
            reading = self._directory(directory, walk, reader)
            if not walk.problems:
                yield from reading
            elif len(walk.problems) < _SHOWN_PROBLEMS:
                for _ in reading:  # no snapshot will be made: only look for more to report
                    pass
        self._refuse_problems(walk)
        self._counts = Counts(
            self._file_count, self._size_bytes, walk.ignored, walk.missing_outputs
        )
        self._done = True
        if len(cache) != len(self._cached) or not all(self._known(cache)):
            scancache.save(file, self._cached, self._counts)

    def _known(self, cache: dict[bytes, CachedDirectory]) -> Iterator[bool]:
        return (cache.get(one.path) is one for one in self._cached)

    def _finish(self) -> None:
        if not self._done:
            for _ in self._stream():
                pass

    def _refuse_problems(self, walk: Walk) -> None:
        if not walk.problems:
            return
        shown = [f"{one.path}: {one.reason}" for one in walk.problems[:_SHOWN_PROBLEMS]]
        more = len(walk.problems) - len(shown)
        tail = f"\n… and {more} more" if more else ""
        raise ProjectError(
            "cannot read everything that belongs in the snapshot:\n" + "\n".join(shown) + tail,
            hint="make them readable, or name them in .outrigignore",
        )

    def _describe(self) -> SnapshotInfo:
        hasher = blake3()
        for part in self._parts:
            hasher.update(part.data)
        return SnapshotInfo(
            id=ids.new_id(),
            name=self._labels.name,
            digest=hasher.hexdigest(),
            project_id=self._project_id,
            created_at=datetime.now(UTC),
            description=self._labels.description,
            file_count=self._counts.files,
            size_bytes=self._counts.size_bytes,
            git=self._git.answer(),
            missing_outputs=self._counts.missing,
        )

    def _directory(
        self, directory: Directory, walk: Walk, reader: DirectoryReader
    ) -> Iterator[tuple[bytes, bytes]]:
        cached = directory.cached
        if directory.unchanged and cached is not None:
            part = Part(cached.part)
            self._cached.append(cached)
        else:
            before = len(walk.left_out)
            part = yield from reader.part(directory)
            if len(walk.left_out) > before:
                directory.own = (0, 0, -1)
            self._cached.append(_remembered(directory, part.data, walk.started_ns - RACY_NS))
        self._parts.append(part)
        stats = directory.stats
        self._times.extend(stats[3::STAT_FIELDS])
        for mode, size in zip(stats[::STAT_FIELDS], stats[2::STAT_FIELDS], strict=True):
            if mode & 0o170000 == stat.S_IFREG:
                self._file_count += 1
                self._size_bytes += size


def _remembered(directory: Directory, part: bytes, settled_ns: int) -> CachedDirectory:
    """Make the cache's record; what changed after `settled_ns` is not to be trusted."""
    stats = directory.stats
    latest = max(max(stats[3::STAT_FIELDS], default=0), max(stats[4::STAT_FIELDS], default=0))
    if latest >= settled_ns:
        stats = stats[:]
        for at in range(0, len(stats), STAT_FIELDS):
            if max(stats[at + 3], stats[at + 4]) >= settled_ns:
                stats[at + 4] = -1
    return CachedDirectory(
        directory.path,
        directory.own,
        directory.ignore_files,
        directory.ignored,
        directory.ignore_key,
        directory.names,
        stats,
        directory.output,
        part,
    )
