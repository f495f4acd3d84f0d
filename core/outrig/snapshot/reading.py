"""Reads the files of one directory, each as it was at one moment."""

from __future__ import annotations

import os
import stat
import time
from array import array
from typing import TYPE_CHECKING

from blake3 import blake3

from outrig.errors import ProjectError
from outrig.model.snapshot import LeftOut
from outrig.snapshot.directory import (
    INODE_MASK,
    OPEN_FILE,
    STAT_FIELDS,
    Directory,
    special_kind,
    stat_fields,
)
from outrig.snapshot.manifest import (
    CHUNK,
    SMALL_FILE,
    Part,
    encode_file,
    encode_link,
    encode_part,
    encode_subdirectory,
    split_part,
)
from outrig.snapshot.pathname import display

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from typing import TypeAlias, TypeVar

    from outrig.interfaces import Context
    from outrig.snapshot.scancache import CachedDirectory
    from outrig.snapshot.walk import Walk

    T = TypeVar("T")
    _Reading = Generator[tuple[bytes, bytes], None, T]
    _Fields: TypeAlias = tuple[int, int, int, int, int]

READ_ATTEMPTS = 5
_RETRY_S = 0.02
_PROGRESS_BYTES = 16 << 20


class DirectoryReader:
    """Reads directories of one walk. A file that changes under the reading is read again."""

    def __init__(self, walk: Walk, context: Context) -> None:
        self._walk = walk
        self._context = context
        self._read_bytes = 0
        self._shown_bytes = 0

    def part(self, directory: Directory) -> _Reading[Part]:
        """Read what changed in a directory, yielding its chunks; returns its part.

        What vanished meanwhile is taken out of `directory`.
        """
        known = _known_entries(directory.cached)
        encoded: list[bytes] = []
        gone: list[int] = []
        fresh = True
        rows = zip(directory.names, _by_name(directory.stats), directory.output, strict=True)
        for index, (name, fields, output) in enumerate(rows):
            before = known.get(name) if known else None
            if before is not None and before[0] == fields and before[1] == output:
                encoded.append(before[2])
                fresh = False
                continue
            small = self._small(directory.fd, name, fields, output != 0)
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
            directory.forget(index)
        return Part(encode_part(directory.path, encoded), fresh)

    def _small(
        self, above: int, name: bytes, fields: _Fields, output: bool
    ) -> tuple[bytes, bytes, bytes] | None:
        """Read a small file: its digest, content and entry; `None` for all that is not so plain."""
        mode, inode, size, mtime_ns, ctime_ns = fields
        if mode & 0o170000 != stat.S_IFREG or size > SMALL_FILE:
            return None
        try:
            fd = os.open(name, OPEN_FILE, dir_fd=above)
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
            or now.st_size != size
            or now.st_mode != mode
            or now.st_ino & INODE_MASK != inode
        ):
            return None
        self._read_bytes += size
        if self._read_bytes - self._shown_bytes >= _PROGRESS_BYTES:
            self._show_progress()
        digest = blake3(data).digest() if data else b""
        executable = mode & 0o111 != 0
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
                self._walk.left_out.append(gone)
                return None
            except OSError as err:
                if attempt + 1 < READ_ATTEMPTS and not isinstance(err, PermissionError):
                    continue  # it may have become something else: look again
                self._problem(_shown(directory, name), err.strerror or str(err))
                return None
            if entry is not None:
                return entry
            if attempt and not stat.S_ISREG(mode):
                self._walk.left_out.append(LeftOut(_shown(directory, name), special_kind(mode)))
                return None
        raise ProjectError(
            f"{_shown(directory, name)} keeps changing while it is read",
            hint="stop what writes it, or name it in .outrigignore",
        )

    def _problem(self, shown: str, reason: str) -> None:
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
        fd = os.open(name, OPEN_FILE, dir_fd=directory.fd)
        try:
            read, digests = yield from self._pieces(fd, size)
            status = os.fstat(fd)
        finally:
            os.close(fd)
        self._read_bytes += read
        if self._read_bytes - self._shown_bytes >= _PROGRESS_BYTES:
            self._show_progress()
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
            digests.append(blake3(data).digest())
            yield digests[-1], data
        return read, b"".join(digests)

    def _show_progress(self) -> None:
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


def _by_name(stats: array[int]) -> Iterator[_Fields]:
    """Yield the stat fields of each name."""
    each = iter(stats)
    return zip(each, each, each, each, each, strict=True)


def _known_entries(cached: CachedDirectory | None) -> dict[bytes, tuple[_Fields, int, bytes]]:
    """Return what the cache holds by name: stat fields, output flag and encoded entry."""
    if cached is None:
        return {}
    rows = zip(_by_name(cached.stats), cached.output, split_part(cached.part), strict=True)
    return dict(zip(cached.names, rows, strict=True))
