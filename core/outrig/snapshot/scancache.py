"""What the last scan of a directory tree saw: makes an unchanged snapshot cost only stat calls.

One file per root and options in the cache directory. It is a cache: deleting or damaging it costs
one full reading.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outrig import ids, paths

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrig.snapshot.directory import ScanOptions

_MAGIC = b"outrig-scan-1\n"
_COLUMNS = 10


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


def cache_file(root: bytes, options: ScanOptions) -> Path:
    """Return where the scan of a root with these options is remembered."""
    key = hashlib.blake2b(digest_size=16)
    for text in (root, b"\1" if options.all_files else b"\0", *map(os.fsencode, options.outputs)):
        key.update(len(text).to_bytes(8, "big") + text)
    return Path(paths.cache_dir(), "scan", key.hexdigest())


def load(file: Path) -> dict[bytes, CachedDirectory]:
    """Return what was remembered; nothing when there is none or it is damaged."""
    try:
        data = file.read_bytes()
    except OSError:
        return {}
    head = len(_MAGIC) + 12
    if len(data) < head or not data.startswith(_MAGIC):
        return {}
    checksum = int.from_bytes(data[len(_MAGIC) : len(_MAGIC) + 4], "big")
    count = int.from_bytes(data[len(_MAGIC) + 4 : head], "big")
    body = memoryview(data)[head:]
    if zlib.crc32(body) != checksum or len(body) < count * _COLUMNS * 8:
        return {}
    return _decode(body, count)


def _decode(body: memoryview, count: int) -> dict[bytes, CachedDirectory]:
    table = array("q")
    table.frombytes(body[: count * _COLUMNS * 8])
    at = count * _COLUMNS * 8
    found = {}
    for row in range(0, count * _COLUMNS, _COLUMNS):
        inode, mtime_ns, ctime_ns, ignore_files, ignored, *lengths = table[row : row + _COLUMNS]
        blobs = []
        for length in lengths:
            blobs.append(bytes(body[at : at + length]))
            at += length
        path, ignore_key, names, packed, part = blobs
        stats = array("q")
        listed = names.split(b"\0") if names else []
        stats.frombytes(packed[: len(packed) - len(listed)])
        found[path] = CachedDirectory(
            path,
            (inode, mtime_ns, ctime_ns),
            ignore_files,
            ignored,
            ignore_key,
            listed,
            stats,
            packed[len(packed) - len(listed) :],
            part,
        )
    return found


def save(file: Path, directories: Iterable[CachedDirectory]) -> None:
    """Remember a scan, atomically. A cache that cannot be written is no error."""
    table = array("q")
    blobs: list[bytes] = []
    count = 0
    for one in directories:
        row = (one.path, one.ignore_key, b"\0".join(one.names), one.stats.tobytes() + one.output)
        table.extend((*one.own, one.ignore_files, one.ignored))
        table.extend(map(len, (*row, one.part)))
        blobs.extend((*row, one.part))
        count += 1
    body = table.tobytes() + b"".join(blobs)
    head = _MAGIC + zlib.crc32(body).to_bytes(4, "big") + count.to_bytes(8, "big")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = file.with_name(f"{file.name}-{ids.new_id()}")
        try:
            aside.write_bytes(head + body)
            aside.replace(file)
        except OSError:
            aside.unlink(missing_ok=True)
    except OSError:
        return
