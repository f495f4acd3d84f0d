"""What the last scan of a directory tree saw: makes an unchanged snapshot cost only stat calls.

One file per root and options in the cache directory. It is a cache: deleting or damaging it costs
one full reading. All paths and all stat fields stand in it as two long columns, so whether anything
changed is found out at the cost of the stat calls, without an object per directory or file.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from array import array
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from outrig import ids, paths
from outrig.snapshot.ignore import IGNORE_FILES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrig.snapshot.directory import ScanOptions

_MAGIC = b"outrig-scan-2\n"
_HEAD = 10
"""Numbers: settled, directories, names, files, bytes of files, and the lengths of five blobs."""
_COLUMNS = 8
"""Per directory: inode, mtime, ctime, ignore files, ignored, names, bytes of its key and part."""
_FIELDS = 5
_BATCH = 4096
_signature = attrgetter("st_mode", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")


@dataclass(frozen=True, slots=True)
class CachedDirectory:
    """How a directory stood: its names, their stat, and its part of the manifest."""

    path: bytes
    own: tuple[int, int, int]
    """Inode, mtime_ns and ctime_ns of the directory itself; ctime -1 means "list it again"."""
    ignore_files: int
    ignored: int
    ignore_key: bytes
    names: list[bytes]
    stats: array[int]
    output: bytes
    part: bytes


@dataclass(frozen=True, slots=True)
class Counts:
    """What a whole scan came to; `missing` are the outputs that named nothing."""

    files: int = 0
    size_bytes: int = 0
    ignored: int = 0
    missing: tuple[str, ...] = ()


class Scan:
    """A scan as it was remembered, decoded as far as it is asked for; without `body` an empty one.

    Raises `ValueError` for what `save` did not write.
    """

    def __init__(self, body: memoryview | None = None) -> None:
        self.counts = Counts()
        self._settled = False
        self._table = array("q")
        self._stats = array("q")
        self._paths: list[bytes] = []
        self._blobs: list[memoryview] = []
        if body is not None:
            self._decode(body)

    def _decode(self, body: memoryview) -> None:
        head = array("q", bytes(body[: _HEAD * 8]))
        settled, directories, names, files, size_bytes, *lengths = head
        lengths = [directories * 8 * _COLUMNS, names * 8 * _FIELDS, names, *lengths]
        ends = list(accumulate(lengths, initial=_HEAD * 8))
        table, stats, *self._blobs, listed, missing = [body[at:to] for at, to in pairwise(ends)]
        self._table.frombytes(table)
        self._stats.frombytes(stats)
        self._paths = bytes(listed).split(b"\0") if names else []
        if ends[-1] != len(body) or not len(self._paths) == names == sum(self._table[5::_COLUMNS]):
            raise ValueError("the columns of a scan do not fit each other")
        self._settled = bool(settled)
        texts = bytes(missing).split(b"\0") if missing else []
        ignored = sum(self._table[4::_COLUMNS])
        self.counts = Counts(files, size_bytes, ignored, tuple(map(os.fsdecode, texts)))

    def is_unchanged(self, root: bytes) -> bool:
        """Ask for the stat of everything: is all of it as it was, and old enough to be trusted?"""
        if not self._settled:
            return False
        prefix = root.rstrip(b"/") + b"/"
        try:
            own = os.lstat(root)
            if array("q", (own.st_ino, own.st_mtime_ns, own.st_ctime_ns)) != self._table[:3]:
                return False
            for at in range(0, len(self._paths), _BATCH):
                batch = [prefix + path for path in self._paths[at : at + _BATCH]]
                found = array("q", chain.from_iterable(map(_signature, map(os.lstat, batch))))
                if found != self._stats[at * _FIELDS : (at + _BATCH) * _FIELDS]:
                    return False
        except (OSError, OverflowError):
            return False
        return True

    def parts(self) -> Iterator[bytes]:
        """Yield every directory's part of the manifest, in order."""
        return _cut(self._blobs[2], self._table[7::_COLUMNS])

    def times(self) -> array[int]:
        """Return the time of every name, in order."""
        return self._stats[3::_FIELDS]

    def directories(self) -> dict[bytes, CachedDirectory]:
        """Return every directory by its path."""
        if not self._table:
            return {}
        own_paths = bytes(self._blobs[3]).split(b"\0")
        keys = _cut(self._blobs[1], self._table[6::_COLUMNS])
        found = {}
        at = 0
        for number, (path, key, part) in enumerate(zip(own_paths, keys, self.parts(), strict=True)):
            row = self._table[number * _COLUMNS : (number + 1) * _COLUMNS]
            to = at + row[5]
            above = len(path) + 1 if path else 0
            found[path] = CachedDirectory(
                path,
                (row[0], row[1], row[2]),
                row[3],
                row[4],
                key,
                [one[above:] for one in self._paths[at:to]],
                self._stats[at * _FIELDS : to * _FIELDS],
                bytes(self._blobs[0][at:to]),
                part,
            )
            at = to
        return found


def _cut(blob: memoryview, lengths: Sequence[int]) -> Iterator[bytes]:
    return (bytes(blob[at:to]) for at, to in pairwise(accumulate(lengths, initial=0)))


def cache_file(root: bytes, options: ScanOptions) -> Path:
    """Return where the scan of a root with these options is remembered."""
    key = hashlib.blake2b(digest_size=16)
    texts = [root, b"\1" if options.all_files else b"\0", *map(os.fsencode, options.outputs)]
    if options.exclude or options.ignore_files != IGNORE_FILES:
        texts += [b"\2", *options.ignore_files, b"\3", *map(os.fsencode, options.exclude)]
    for text in texts:
        key.update(len(text).to_bytes(8, "big") + text)
    return Path(paths.cache_dir(), "scan", key.hexdigest())


def load(file: Path) -> Scan:
    """Return what was remembered; an empty scan when there is none or it is damaged."""
    try:
        data = file.read_bytes()
    except OSError:
        return Scan()
    head = len(_MAGIC) + 4
    body = memoryview(data)[head:]
    if not data.startswith(_MAGIC) or zlib.crc32(body) != int.from_bytes(data[head - 4 : head]):
        return Scan()
    try:
        return Scan(body)
    except ValueError:
        return Scan()


def _settled(one: CachedDirectory) -> bool:
    """Say whether the stat of its names tells of every change that matters in a directory."""
    listed = (
        file in one.names for at, file in enumerate(IGNORE_FILES) if one.ignore_files >> at & 1
    )
    return one.own[2] != -1 and all(listed)


def save(file: Path, directories: Sequence[CachedDirectory], counts: Counts) -> None:
    """Remember a scan, atomically. A cache that cannot be written is no error."""
    table, stats = array("q"), array("q")
    for one in directories:
        table.extend((*one.own, one.ignore_files, one.ignored, len(one.names)))
        table.extend((len(one.ignore_key), len(one.part)))
        stats.extend(one.stats)
    output = b"".join([one.output for one in directories])
    blobs = [
        b"".join([one.ignore_key for one in directories]),
        b"".join([one.part for one in directories]),
        b"\0".join([one.path for one in directories]),
        b"\0".join(
            [
                one.path + b"/" + name if one.path else name
                for one in directories
                for name in one.names
            ]
        ),
        b"\0".join(map(os.fsencode, counts.missing)),
    ]
    settled = all(map(_settled, directories))
    head = array("q", (settled, len(directories), len(output), counts.files, counts.size_bytes))
    head.extend(map(len, blobs))
    body = b"".join((head.tobytes(), table.tobytes(), stats.tobytes(), output, *blobs))
    _write(file, _MAGIC + zlib.crc32(body).to_bytes(4), body)


def _write(file: Path, *pieces: bytes) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = file.with_name(f"{file.name}-{ids.new_id()}")
        try:
            with aside.open("wb") as stream:
                stream.writelines(pieces)
            aside.replace(file)
        except OSError:
            aside.unlink(missing_ok=True)
    except OSError:
        return
