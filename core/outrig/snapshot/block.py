"""Packs and unpacks the content of blocks: zstd level 1, unless it is of no use."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from outrig.errors import StoreError
from outrig.snapshot.pack import MAX_BLOCK, RAW, ZSTD

if TYPE_CHECKING:
    from collections.abc import Iterable

    import zstandard

_LEVEL = 1
_PROBE = 16 << 10
_USEFUL = 0.97
_local = threading.local()


def _compressor() -> zstandard.ZstdCompressor:
    """Return this thread's compressor; they are not safe to share."""
    if not hasattr(_local, "compressor"):
        import zstandard

        _local.compressor = zstandard.ZstdCompressor(
            level=_LEVEL, write_checksum=False, write_content_size=True
        )
    made: zstandard.ZstdCompressor = _local.compressor
    return made


def pack_block(content: bytes) -> tuple[int, bytes]:
    """Return the codec and the stored form. A large block is first tried on a sample."""
    compressor = _compressor()
    if len(content) > 16 * _PROBE:
        middle = len(content) // 2
        sample = content[middle : middle + _PROBE]
        head = content[:_PROBE]
        tried = len(compressor.compress(sample)) + len(compressor.compress(head))
        if tried > _USEFUL * (len(sample) + len(head)):
            return RAW, content
    packed = compressor.compress(content)
    return (RAW, content) if len(packed) > _USEFUL * len(content) else (ZSTD, packed)


def pack_blocks(blocks: Iterable[Iterable[bytes]]) -> list[tuple[int, bytes]]:
    """Join each block's chunks, and return what `pack_block` makes of it."""
    return [pack_block(b"".join(chunks)) for chunks in blocks]


def unpack_block(codec: int, stored: bytes | memoryview, raw: int, where: str) -> bytes:
    """Return a block's content, exactly `raw` bytes; raises `StoreError`. Never makes more."""
    if raw > MAX_BLOCK:
        raise StoreError(f"{where} claims to hold {raw} bytes")
    content = bytes(stored) if codec == RAW else _decompress(stored, raw, where)
    if len(content) != raw:
        raise StoreError(f"{where} is cut short or damaged")
    return content


def _decompress(stored: bytes | memoryview, raw: int, where: str) -> bytes:
    import zstandard

    try:
        declared = zstandard.frame_content_size(stored)
        if declared != raw:
            raise StoreError(f"{where} is damaged: it says {declared} bytes instead of {raw}")
        if not hasattr(_local, "decompressor"):
            _local.decompressor = zstandard.ZstdDecompressor()
        content: bytes = _local.decompressor.decompress(stored, max_output_size=raw)
    except zstandard.ZstdError as err:
        raise StoreError(f"{where} is damaged: {err}") from err
    return content
