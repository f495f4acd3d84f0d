"""A project directory as a snapshot: walked, read and hashed in one pass."""

from __future__ import annotations

import os
import stat
import time
from array import array
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outrig import ids
from outrig.errors import ProjectError
from outrig.model.snapshot import LeftOut, SnapshotInfo
from outrig.snapshot import scancache
from outrig.snapshot.gitstate import GitQuestion
from outrig.snapshot.manifest import (
    CHUNK,
    SMALL_FILE,
    Part,
    decode,
    encode_file,
    encode_link,
    encode_part,
    encode_subdirectory,
    pack_times,
    split_part,
)
from outrig.snapshot.pathname import display
from outrig.snapshot.reread import read_again
from outrig.snapshot.scancache import CachedDirectory
from outrig.snapshot.streamed import StreamedReader
from outrig.snapshot.walk import (
    RACY_NS,
    STAT_FIELDS,
    Directory,
    ScanOptions,
    Walk,
    special_kind,
    stat_fields,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterator
    from pathlib import Path
    from typing import TypeVar

    from outrig.interfaces import Context
    from outrig.model.snapshot import Entry, SnapshotLabels

    T = TypeVar("T")
    _Reading = Generator[tuple[bytes, bytes], None, T]

READ_ATTEMPTS = 5
_RETRY_S = 0.02
_SHOWN_PROBLEMS = 20
_PROGRESS_BYTES = 16 << 20
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


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
        from blake3 import blake3

        self._blake3 = blake3
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
        self._read_bytes = 0
        self._shown_bytes = 0
        self._file_count = 0
        self._size_bytes = 0
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
        return 0 if self._walk is None else self._walk.ignored

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
        cache = scancache.load(file)
        self._walk = walk = Walk(self._root, self._options, cache)
        self._parts, self._times, self._cached = [], array("q"), []
        self._file_count = self._size_bytes = 0
        for directory in walk:
            self._context.check_cancelled()
            reading = self._directory(directory)
            if not walk.problems:
                yield from reading
            elif len(walk.problems) < _SHOWN_PROBLEMS:
                for _ in reading:  # no snapshot will be made: only look for more to report
                    pass
        self._refuse_problems(walk)
        self._done = True
        if any(not known for known in self._unchanged(cache)) or len(cache) != len(self._cached):
            scancache.save(file, self._cached)

    def _unchanged(self, cache: dict[bytes, CachedDirectory]) -> Iterator[bool]:
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
        hasher = self._blake3()
        for part in self._parts:
            hasher.update(part.data)
        missing = () if self._walk is None else self._walk.missing_outputs
        return SnapshotInfo(
            id=ids.new_id(),
            name=self._labels.name,
            digest=hasher.hexdigest(),
            project_id=self._project_id,
            created_at=datetime.now(UTC),
            description=self._labels.description,
            file_count=self._file_count,
            size_bytes=self._size_bytes,
            git=self._git.answer(),
            missing_outputs=missing,
        )

    def _directory(self, directory: Directory) -> Iterator[tuple[bytes, bytes]]:
        cached = directory.cached
        if directory.unchanged and cached is not None:
            part, own = Part(cached.part), directory.own
            self._cached.append(cached)
        else:
            before = len(self._left())
            part = yield from self._new_part(directory)
            own = directory.own if len(self._left()) == before else (0, 0, -1)
            self._cached.append(self._remember(directory, own, part.data))
        self._parts.append(part)
        stats = directory.stats
        self._times.extend(stats[3::STAT_FIELDS])
        for mode, size in zip(stats[::STAT_FIELDS], stats[2::STAT_FIELDS], strict=True):
            if mode & 0o170000 == stat.S_IFREG:
                self._file_count += 1
                self._size_bytes += size

    def _left(self) -> list[LeftOut]:
        assert self._walk is not None  # noqa: S101 - set before anything is read
        return self._walk.left_out

    def _remember(
        self, directory: Directory, own: tuple[int, int, int], part: bytes
    ) -> CachedDirectory:
        """Make the cache's record; what changed too lately to be sure of is not trusted."""
        assert self._walk is not None  # noqa: S101 - set before anything is read
        stats = directory.stats
        limit = self._walk.started_ns - RACY_NS
        latest = max(max(stats[3::STAT_FIELDS], default=0), max(stats[4::STAT_FIELDS], default=0))
        if latest >= limit:
            stats = stats[:]
            for at in range(0, len(stats), STAT_FIELDS):
                if max(stats[at + 3], stats[at + 4]) >= limit:
                    stats[at + 4] = -1
        return CachedDirectory(
            directory.path,
            own,
            directory.ignore_files,
            directory.ignored,
            directory.ignore_key,
            directory.names,
            stats,
            directory.output,
            part,
        )

    def _new_part(self, directory: Directory) -> _Reading[Part]:
        known = _known_entries(directory.cached)
        encoded: list[bytes] = []
        gone: list[int] = []
        fresh = True
        for index, name in enumerate(directory.names):
            at = index * STAT_FIELDS
            before = known.get(name)
            fields = directory.stats[at : at + STAT_FIELDS]
            if before is not None and before[:2] == (fields, directory.output[index]):
                encoded.append(before[2])
                fresh = False
                continue
            small = self._small(directory, index, name)
            if small is not None:
                digest, data, entry_now = small
                if data:
                    yield digest, data
                encoded.append(entry_now)
                continue
            entry = yield from self._entry(directory, index)
            if entry is None:
                gone.append(index)
            else:
                encoded.append(entry)
        for index in reversed(gone):
            del directory.names[index]
            del directory.stats[index * STAT_FIELDS : (index + 1) * STAT_FIELDS]
            directory.output = directory.output[:index] + directory.output[index + 1 :]
        return Part(encode_part(directory.path, encoded), fresh)

    def _small(
        self, directory: Directory, index: int, name: bytes
    ) -> tuple[bytes, bytes, bytes] | None:
        """Read a small file: its digest, content and entry; `None` for all that is not so plain."""
        mode, inode, size, mtime_ns, ctime_ns = directory.stats[
            index * STAT_FIELDS : (index + 1) * STAT_FIELDS
        ]
        if mode & 0o170000 != stat.S_IFREG or size > SMALL_FILE:
            return None
        try:
            fd = os.open(name, _OPEN, dir_fd=directory.fd)
        except OSError:
            return None
        try:
            data = os.read(fd, size + 1)
            now = os.fstat(fd)
        except OSError:
            return None
        finally:
            os.close(fd)
        if (
            len(data) != size
            or now.st_mtime_ns != mtime_ns
            or now.st_ctime_ns != ctime_ns
            or stat_fields(now)[:3] != (mode, inode, size)
        ):
            return None
        self._count_bytes(size)
        digest = self._blake3(data).digest() if data else b""
        executable = mode & 0o111 != 0
        output = directory.output[index] != 0
        return digest, data, encode_file(name, size, digest, executable=executable, output=output)

    def _entry(self, directory: Directory, index: int) -> _Reading[bytes | None]:
        """Read one name; returns its encoded entry, `None` when it is left out."""
        name = directory.names[index]
        for attempt in range(READ_ATTEMPTS):
            try:
                if attempt:
                    time.sleep(_RETRY_S)
                    status = os.stat(name, dir_fd=directory.fd, follow_symlinks=False)
                    at = index * STAT_FIELDS
                    directory.stats[at : at + STAT_FIELDS] = array("q", stat_fields(status))
                mode = directory.mode(index)
                entry = yield from self._read(directory, index, name, mode)
            except FileNotFoundError:
                gone = LeftOut(_shown(directory, name), "vanished while being read")
                self._left().append(gone)
                return None
            except OSError as err:
                if attempt + 1 < READ_ATTEMPTS and not isinstance(err, PermissionError):
                    continue  # it may have become something else: look again
                self._problem(_shown(directory, name), err.strerror or str(err))
                return None
            if entry is not None:
                return entry
            if attempt and not stat.S_ISREG(mode):
                self._left().append(LeftOut(_shown(directory, name), special_kind(mode)))
                return None
        raise ProjectError(
            f"{_shown(directory, name)} keeps changing while it is read",
            hint="stop what writes it, or name it in .outrigignore",
        )

    def _problem(self, shown: str, reason: str) -> None:
        assert self._walk is not None  # noqa: S101 - set before anything is read
        self._walk.problems.append(LeftOut(shown, reason))

    def _read(
        self, directory: Directory, index: int, name: bytes, mode: int
    ) -> _Reading[bytes | None]:
        """Encode what the name is now; returns `None` when it changed under the reading."""
        output = bool(directory.output[index])
        if stat.S_ISDIR(mode):
            return encode_subdirectory(name, output=output)
        if stat.S_ISLNK(mode):
            target = os.readlink(name, dir_fd=directory.fd)
            return encode_link(name, target, output=output)
        if not stat.S_ISREG(mode):
            return None
        at = index * STAT_FIELDS
        size = directory.stats[at + 2]
        fd = os.open(name, _OPEN, dir_fd=directory.fd)
        try:
            read, digests = yield from self._pieces(fd, size)
            status = os.fstat(fd)
        finally:
            os.close(fd)
        self._count_bytes(read)
        before = directory.stats[at : at + STAT_FIELDS]
        if read != size or array("q", stat_fields(status)) != before:
            return None
        return encode_file(name, size, digests, executable=bool(mode & 0o111), output=output)

    def _pieces(self, fd: int, size: int) -> _Reading[tuple[int, bytes]]:
        """Read a file in chunks; returns how many bytes there were and the digests, joined."""
        read = 0
        digests = []
        length = CHUNK if size > SMALL_FILE else SMALL_FILE + 1
        while read <= size:
            self._context.check_cancelled()
            data = _read_fully(fd, length)
            if not data:
                break
            read += len(data)
            digests.append(self._blake3(data).digest())
            yield digests[-1], data
        return read, b"".join(digests)

    def _count_bytes(self, count: int) -> None:
        self._read_bytes += count
        if self._read_bytes - self._shown_bytes >= _PROGRESS_BYTES:
            self._shown_bytes = self._read_bytes
            self._context.progress(self._read_bytes, None, "bytes read")
            self._context.check_cancelled()


def _shown(directory: Directory, name: bytes) -> str:
    return display(directory.path + b"/" + name if directory.path else name)


def _read_fully(fd: int, length: int) -> bytes:
    """Read `length` bytes, less only at the end of the file."""
    data = os.read(fd, length)
    if not data or len(data) == length:
        return data
    pieces = [data]
    missing = length - len(data)
    while missing and (data := os.read(fd, missing)):
        pieces.append(data)
        missing -= len(data)
    return b"".join(pieces)


def _known_entries(
    cached: CachedDirectory | None,
) -> dict[bytes, tuple[array[int], int, bytes]]:
    """Return what the cache holds by name: stat fields, output flag and encoded entry."""
    if cached is None:
        return {}
    known = {}
    entries = split_part(cached.part)
    for index, (name, entry) in enumerate(zip(cached.names, entries, strict=True)):
        at = index * STAT_FIELDS
        fields = cached.stats[at : at + STAT_FIELDS]
        known[name] = (fields, cached.output[index], entry)
    return known
