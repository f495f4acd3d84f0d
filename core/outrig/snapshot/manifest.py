"""The canonical encoding of a snapshot's entries, whose BLAKE3 is the snapshot's identity.

The encoding is one part per directory, the root first, each directory before what is below it and
names in byte order: so every tree has exactly one encoding, and an unchanged directory's part is
used again as it is. A part is

    length, path · number of names · per name: flags, length, name, and
        file: size, 32 bytes per chunk (their number follows from the size)
        link: length, target

with numbers as LEB128. Times are beside it: one int64 per name, in the same order. Both are cut
into pieces, which are stored like any other chunk.
"""

from __future__ import annotations

import sys
from array import array
from typing import TYPE_CHECKING, NamedTuple

from outrig.errors import StoreError
from outrig.model.snapshot import Entry, EntryKind
from outrig.snapshot.pathname import display, to_bytes, to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SMALL_FILE = 1 << 20
"""Bytes; up to this a file is one chunk."""
CHUNK = 4 << 20
"""Bytes; larger files are cut into chunks of this size."""
PIECE = 128 << 10
"""Bytes; a piece of the encoding ends with the directory that reaches this size…"""
PIECE_LIMIT = 4 << 20
"""…and is cut anywhere at this one."""
MAX_ENTRIES = 20_000_000
MAX_ENCODING = 4 << 30
DIGEST = 32
_FILE, _DIRECTORY, _LINK, _KIND = 0, 1, 2, 3
_EXECUTABLE, _OUTPUT = 4, 8
_ONE_BYTE = [bytes((value,)) for value in range(128)]
_CODES = {EntryKind.FILE: _FILE, EntryKind.DIRECTORY: _DIRECTORY, EntryKind.SYMLINK: _LINK}


class Part(NamedTuple):
    """One directory's part of the encoding; `fresh` when all its chunks were just handed over."""

    data: bytes
    fresh: bool = False


def chunk_count(size_bytes: int) -> int:
    """Return how many chunks a file of that size has."""
    if size_bytes <= SMALL_FILE:
        return 1 if size_bytes else 0
    return -(-size_bytes // CHUNK)


def chunk_length(size_bytes: int, index: int) -> int:
    """Return the length in bytes of the chunk at `index` of a file of that size."""
    return size_bytes if size_bytes <= SMALL_FILE else min(CHUNK, size_bytes - index * CHUNK)


def varint(value: int) -> bytes:
    """Encode a number as LEB128."""
    if value < 128:
        return _ONE_BYTE[value]
    if value < 16384:
        return bytes((value & 127 | 128, value >> 7))
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode_file(name: bytes, size: int, chunks: bytes, *, executable: bool, output: bool) -> bytes:
    """Encode a file; `chunks` are its digests, joined."""
    flags = _FILE | executable * _EXECUTABLE | output * _OUTPUT
    return b"".join((_ONE_BYTE[flags], varint(len(name)), name, varint(size), chunks))


def encode_link(name: bytes, target: bytes, *, output: bool) -> bytes:
    """Encode a symbolic link."""
    head = bytes((_LINK | output * _OUTPUT,)) + varint(len(name)) + name
    return head + varint(len(target)) + target


def encode_subdirectory(name: bytes, *, output: bool) -> bytes:
    """Encode a directory as an entry of its parent."""
    return bytes((_DIRECTORY | output * _OUTPUT,)) + varint(len(name)) + name


def encode_part(path: bytes, entries: Sequence[bytes]) -> bytes:
    """Encode a directory from its encoded entries, which are in byte order of their names."""
    return varint(len(path)) + path + varint(len(entries)) + b"".join(entries)


def encode_entries(entries: Iterable[Entry]) -> tuple[list[Part], bytes]:
    """Encode entries; returns the parts in order, and the times."""
    below: dict[bytes, list[tuple[bytes, Entry]]] = {b"": []}
    for entry in entries:
        parent, _, name = to_bytes(entry.path).rpartition(b"/")
        below.setdefault(parent, []).append((name, entry))
        if entry.kind is EntryKind.DIRECTORY:
            below.setdefault(to_bytes(entry.path), [])
    parts: list[Part] = []
    times = array("q")
    for path in sorted(below, key=lambda one: one.split(b"/") if one else []):
        names = sorted(below[path], key=lambda pair: pair[0])
        times.extend(entry.mtime_ns for _, entry in names)
        data = encode_part(path, [_encode(name, entry) for name, entry in names])
        parts.append(Part(data))
    return parts, pack_times(times)


def _encode(name: bytes, entry: Entry) -> bytes:
    if entry.kind is EntryKind.DIRECTORY:
        return encode_subdirectory(name, output=entry.output)
    if entry.kind is EntryKind.SYMLINK:
        return encode_link(name, to_bytes(entry.target or ""), output=entry.output)
    return encode_file(
        name,
        entry.size_bytes,
        bytes.fromhex("".join(entry.chunks)),
        executable=entry.executable,
        output=entry.output,
    )


def pack_times(times: array[int]) -> bytes:
    """Return times in their stored form: little-endian int64, nanoseconds."""
    if sys.byteorder == "big":
        times = array("q", times)
        times.byteswap()
    return times.tobytes()


def group_parts(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """Group a manifest's parts into pieces; equal runs of directories give equal pieces.

    Where a piece ends depends on the part alone once there is enough, so that a change in one
    directory leaves the other pieces as they are.
    """
    held: list[Part] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part.data)
        if size >= PIECE and (_ends_piece(part.data) or size >= 4 * PIECE):
            yield held
            held, size = [], 0
    if held:
        yield held


def _ends_piece(part: bytes) -> bool:
    return sum(part[:64]) % 4 == 0


def cut_bytes(data: bytes) -> Iterator[bytes]:
    """Cut data into pieces of at most `PIECE_LIMIT` bytes."""
    for at in range(0, len(data), PIECE_LIMIT):
        yield data[at : at + PIECE_LIMIT]


class _Decoder:
    """Reads an encoding that may be hostile; everything that is not canonical is refused."""

    def __init__(self, data: bytes, times: bytes) -> None:
        self._data = data
        self._at = 0
        stored = array("q")
        stored.frombytes(times[: len(times) // 8 * 8])
        if sys.byteorder == "big":
            stored.byteswap()
        self._times = stored
        self._count = 0
        self._open: list[bytes] = []

    def _fail(self, what: str) -> StoreError:
        return StoreError(f"snapshot's list of files is not valid at byte {self._at}: {what}")

    def _number(self) -> int:
        value = shift = 0
        while True:
            if self._at >= len(self._data) or shift > 63:
                raise self._fail("a number is cut short or too long")
            byte = self._data[self._at]
            self._at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def _bytes(self, length: int) -> bytes:
        end = self._at + length
        if end > len(self._data):
            raise self._fail("it is cut short")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def entries(self) -> Iterator[Entry]:
        expected = [b""]
        while expected:
            path = expected.pop()
            if self._bytes(self._number()) != path:
                raise self._fail("directories are not in order")
            below: list[bytes] = []
            yield from self._directory(path, below)
            expected.extend(reversed(below))
        if self._at != len(self._data):
            raise self._fail("something follows the last directory")
        if self._count != len(self._times):
            raise self._fail("the number of times differs from that of the entries")

    def encoded(self) -> Iterator[tuple[bytes, bytes]]:
        self._bytes(self._number())
        for _ in range(self._number()):
            start = self._at
            flags = self._bytes(1)[0]
            self._bytes(self._number())
            digests = b""
            if flags & _KIND == _LINK:
                self._bytes(self._number())
            elif flags & _KIND == _FILE:
                digests = self._bytes(DIGEST * chunk_count(self._number()))
            yield self._data[start : self._at], digests

    def _directory(self, path: bytes, below: list[bytes]) -> Iterator[Entry]:
        last = b""
        prefix = path + b"/" if path else b""
        for _ in range(self._number()):
            flags = self._bytes(1)[0]
            name = self._bytes(self._number())
            if name <= last:
                raise self._fail("names are double or not in order")
            if name in (b".", b"..") or b"/" in name or b"\0" in name:
                raise self._fail(f"{display(name)!r} is no name of a file")
            last = name
            self._count += 1
            if self._count > min(MAX_ENTRIES, len(self._times)):
                raise self._fail("there are too many entries")
            if flags & _KIND == _DIRECTORY:
                below.append(prefix + name)
            yield self._entry(prefix + name, flags)

    def _entry(self, path: bytes, flags: int) -> Entry:
        kind = flags & _KIND
        output = bool(flags & _OUTPUT)
        mtime_ns = self._times[self._count - 1]
        text = to_text(path)
        if flags & ~(_KIND | _EXECUTABLE | _OUTPUT) or (flags & _EXECUTABLE and kind != _FILE):
            raise self._fail(f"{display(path)} has unknown flags")
        if kind == _DIRECTORY:
            return Entry(text, EntryKind.DIRECTORY, output=output, mtime_ns=mtime_ns)
        if kind == _LINK:
            target = self._bytes(self._number())
            if not target or b"\0" in target:
                raise self._fail(f"{display(path)} links to nothing")
            return Entry(
                text,
                EntryKind.SYMLINK,
                target=to_text(target),
                output=output,
                mtime_ns=mtime_ns,
            )
        if kind != _FILE:
            raise self._fail(f"{display(path)} is neither file, directory nor link")
        size = self._number()
        digests = self._bytes(DIGEST * chunk_count(size)).hex()
        chunks = (
            (digests,)
            if len(digests) == 64
            else tuple(digests[at : at + 64] for at in range(0, len(digests), 64))
        )
        executable = bool(flags & _EXECUTABLE)
        return Entry(text, EntryKind.FILE, executable, size, chunks, None, output, mtime_ns)


def decode(data: bytes, times: bytes) -> list[Entry]:
    """Decode a whole encoding, sorted by path as bytes; raises `StoreError` unless canonical."""
    entries = list(_Decoder(data, times).entries())
    entries.sort(key=lambda entry: to_bytes(entry.path))
    return entries


def split_part(part: bytes) -> list[bytes]:
    """Return the encoded entries of one directory's part, in order; raises `StoreError`."""
    return [encoded for encoded, _ in _Decoder(part, b"").encoded()]


def part_chunks(part: bytes) -> Iterator[bytes]:
    """Yield the digest of every chunk that one directory's part names."""
    for _, digests in _Decoder(part, b"").encoded():
        for at in range(0, len(digests), DIGEST):
            yield digests[at : at + DIGEST]
