"""Packs: the objects that hold chunks.

    "OUTRPK01" · 16 random bytes · blocks · table · trailer

A block is one zstd frame or plain bytes, and holds one chunk or many small ones. The table says
what the blocks hold; the trailer is the table's length (u32), its CRC-32 (u32) and "OUTRPEND". All
numbers are little-endian. A pack's key is the BLAKE3 of all its bytes, so `check` verifies every
one; the random bytes keep a pack that is written again apart from one that is being pruned.
"""

from __future__ import annotations

import os
import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

from outrig.errors import StoreError

if TYPE_CHECKING:
    import mmap
    from collections.abc import Sequence

PREFIX = "packs/"
MAGIC = b"OUTRPK01"
END = b"OUTRPEND"
HEAD_BYTES = len(MAGIC) + 16
TRAILER_BYTES = 8 + len(END)
MAX_BLOCK = 8 << 20
"""Bytes of content; what claims to hold more is refused before anything is unpacked."""
MAX_TABLE = 64 << 20
_ROOM = 32 << 20
RAW, ZSTD = 0, 1
_BLOCK = struct.Struct("<BIII")  # codec, stored bytes, content bytes, number of chunks
_CHUNK = struct.Struct("<32sI")  # digest, bytes


class Block(NamedTuple):
    """Where in a pack a block is, and what is in it: `(digest, length)` in order."""

    offset: int
    stored: int
    raw: int
    codec: int
    chunks: tuple[tuple[bytes, int], ...]


class PackBuilder:
    """Puts blocks together to one pack in memory.

    The memory is the system's own and goes back to it at once: what is taken from the heap and
    given back by several threads leaves holes, which more than doubled what a copy took.
    """

    def __init__(self) -> None:
        self._memory: mmap.mmap | None = None
        self.size = HEAD_BYTES
        """Bytes so far."""
        self.blocks: list[Block] = []

    def add(self, codec: int, stored: bytes, raw: int, chunks: Sequence[tuple[bytes, int]]) -> None:
        """Append a block of `raw` bytes of content, packed into `stored`."""
        self.blocks.append(Block(self.size, len(stored), raw, codec, tuple(chunks)))
        self._append(stored)
        self.size += len(stored)

    def _append(self, data: bytes) -> mmap.mmap:
        """Write at the end, in memory that is only taken as far as it is written."""
        import mmap

        if self._memory is None:
            self._memory = mmap.mmap(-1, _ROOM)
            self._memory.write(MAGIC + os.urandom(16))
        end = self._memory.tell()
        if end + len(data) > len(self._memory):
            larger = mmap.mmap(-1, 2 * (end + len(data)))
            larger.write(memoryview(self._memory)[:end])
            self._memory = larger
        self._memory.write(data)
        return self._memory

    def finish(self) -> tuple[str, memoryview]:
        """Return the pack's key and its bytes, which the builder no longer holds."""
        from blake3 import blake3

        table = encode_table(self.blocks)
        self._append(table)
        memory = self._append(struct.pack("<II", len(table), zlib.crc32(table)) + END)
        self._memory = None
        data = memoryview(memory)[: memory.tell()]
        return pack_key(blake3(data).hexdigest()), data


def pack_key(digest: str) -> str:
    """Return the key of the pack with that digest."""
    return f"{PREFIX}{digest[:2]}/{digest}"


def key_digest(key: str) -> str | None:
    """Return the digest a pack's key names; `None` when the key is no pack's."""
    parts = key.split("/")
    if len(parts) != 3 or len(parts[2]) != 64 or not parts[2].startswith(parts[1]):
        return None
    return parts[2] if set(parts[2]) <= set("0123456789abcdef") else None


def encode_table(blocks: Sequence[Block]) -> bytes:
    """Return the table of a pack."""
    out = bytearray()
    for block in blocks:
        out += _BLOCK.pack(block.codec, block.stored, block.raw, len(block.chunks))
        for digest, length in block.chunks:
            out += _CHUNK.pack(digest, length)
    return bytes(out)


def decode_table(table: bytes, key: str, end: int) -> list[Block]:
    """Read a table whose blocks must fill the pack up to byte `end`; raises `StoreError`."""
    blocks = []
    offset, at = HEAD_BYTES, 0
    try:
        while at < len(table):
            codec, stored, raw, count = _BLOCK.unpack_from(table, at)
            at += _BLOCK.size
            chunks = tuple(_CHUNK.iter_unpack(table[at : at + count * _CHUNK.size]))
            at += count * _CHUNK.size
            if (
                len(chunks) != count
                or raw > MAX_BLOCK
                or codec not in (RAW, ZSTD)
                or (codec == RAW and stored != raw)
                or sum(length for _, length in chunks) != raw
            ):
                raise StoreError(f"pack {key} describes a block that cannot be")
            blocks.append(Block(offset, stored, raw, codec, chunks))
            offset += stored
    except struct.error as err:
        raise StoreError(f"pack {key} has a damaged table") from err
    if offset != end:
        raise StoreError(f"pack {key} has a table that does not fit its blocks")
    return blocks


def read_trailer(trailer: bytes, key: str, size: int) -> tuple[int, int]:
    """Return the table's length and CRC-32 from a pack's last bytes; raises `StoreError`."""
    if len(trailer) != TRAILER_BYTES or not trailer.endswith(END):
        raise StoreError(f"pack {key} is cut short or not a pack")
    length, checksum = struct.unpack_from("<II", trailer)
    if length > min(MAX_TABLE, size - HEAD_BYTES - TRAILER_BYTES):
        raise StoreError(f"pack {key} has a damaged trailer")
    return length, checksum


def open_table(table: bytes, checksum: int, key: str, size: int) -> list[Block]:
    """Check and read a table that was fetched by what the trailer says."""
    if zlib.crc32(table) != checksum:
        raise StoreError(f"pack {key} has a damaged table")
    return decode_table(table, key, size - TRAILER_BYTES - len(table))
