"""The chunks that nodes lack, read and encoded once for all nodes that lack the same."""

from __future__ import annotations

import tempfile
import threading
from typing import TYPE_CHECKING

from outrig.model.blocks import BlockReader, StoredBlock
from outrig.node.program.apply import packed
from outrig.node.program.wire import PIECE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from outrig.interfaces import Context
    from outrig.model.blocks import Content
    from outrig.model.snapshot import SnapshotReader

CHECK_EVERY = 64
LEVEL = 1


class Reading:
    """Reads chunks and makes packs of them; `zstd` tells whether the node can undo that.

    What the store has in whole blocks goes on as it is stored there.
    """

    def __init__(
        self, snapshot: SnapshotReader, wanted: dict[str, int], zstd: bool, context: Context
    ) -> None:
        self._snapshot = snapshot
        self._wanted = wanted
        self._zstd = zstd
        self._context = context
        self._count = 0
        self.size_bytes = 0

    def packs(self) -> Iterator[bytes]:
        """Yield the packs; raises `Interrupted` when the user asks to stop."""
        waiting: list[tuple[int, bytes]] = []
        filled = 0
        for one in self._content():
            if isinstance(one, StoredBlock):
                yield self._as_stored(one)
                continue
            digest, data = one
            self._note(1, len(data))
            waiting.append((self._wanted[digest], data))
            filled += len(data)
            if filled >= PIECE:
                yield self._joined(waiting)
                waiting, filled = [], 0
        if waiting:
            yield self._joined(waiting)

    def _content(self) -> Iterator[Content]:
        wanted = tuple(self._wanted)
        if self._zstd and isinstance(self._snapshot, BlockReader):
            return self._snapshot.read_stored(wanted)
        return self._snapshot.read(wanted)

    def _as_stored(self, block: StoredBlock) -> bytes:
        self._note(len(block.chunks), sum(length for _, _, length in block.chunks))
        return packed(_places(block.chunks, self._wanted), block.frame, block.size_bytes)

    def _joined(self, chunks: list[tuple[int, bytes]]) -> bytes:
        places, end = [], 0
        for number, data in chunks:
            places.append((number, end, len(data)))
            end += len(data)
        content = b"".join([data for _, data in chunks])
        if self._zstd:
            import zstandard

            frame = zstandard.ZstdCompressor(level=LEVEL).compress(content)
            if len(frame) < len(content):
                return packed(places, frame, len(content))
        return packed(places, content)

    def _note(self, chunks: int, size: int) -> None:
        before = self._count // CHECK_EVERY
        self._count += chunks
        self.size_bytes += size
        if self._count // CHECK_EVERY > before or self._count == len(self._wanted):
            self._context.check_cancelled()
            self._context.progress(self._count, len(self._wanted), "chunks")


def _places(
    chunks: tuple[tuple[str, int, int], ...], numbers: dict[str, int]
) -> list[tuple[int, int, int]]:
    return [(numbers[digest], start, length) for digest, start, length in chunks]


class Spool:
    """Packs that are made as the first node needs them, and kept in a file for the others."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self._source = reading.packs()
        self._file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - it goes with the spool
        self._places: list[tuple[int, int]] = []
        self._end = 0
        self._lock = threading.Lock()

    @property
    def size_bytes(self) -> int:
        """How large the chunks are that were read so far."""
        return self.reading.size_bytes

    def packs(self) -> Iterator[bytes]:
        """Yield all packs, from the first on."""
        number = 0
        while (pack := self._pack(number)) is not None:
            yield pack
            number += 1

    def close(self) -> None:
        """Forget what is kept."""
        self._file.close()

    def _pack(self, number: int) -> bytes | None:
        with self._lock:
            if number < len(self._places):
                start, size = self._places[number]
                self._file.seek(start)
                return self._file.read(size)
            pack = next(self._source, None)
            if pack is not None:
                self._file.seek(self._end)
                self._file.write(pack)
                self._places.append((self._end, len(pack)))
                self._end += len(pack)
            return pack


class Packing:
    """Gives each node the packs it lacks; several nodes that lack the same share them."""

    def __init__(self, snapshot: SnapshotReader, context: Context, *, shared: bool) -> None:
        self._snapshot = snapshot
        self._context = context
        self._shared = shared
        self._spools: dict[tuple[bool, tuple[str, ...]], Spool] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Forget what was kept for other nodes."""
        for spool in self._spools.values():
            spool.close()

    def links(self, wanted: dict[str, int]) -> Iterator[dict[str, object]]:
        """Yield links to these chunks (digest to number) as nodes take them, if there are any."""
        if isinstance(self._snapshot, BlockReader):
            for link in self._snapshot.links(tuple(wanted)):
                blocks = [
                    (one.start, one.stored_bytes, one.size_bytes, _places(one.chunks, wanted))
                    for one in link.blocks
                ]
                yield {
                    "url": link.url,
                    "start": link.start,
                    "length": link.length,
                    "blocks": blocks,
                }

    def of(self, wanted: dict[str, int], *, zstd: bool) -> Reading | Spool:
        """Return what yields the packs of these chunks (digest to number)."""
        if not self._shared:
            return Reading(self._snapshot, wanted, zstd, self._context)
        with self._lock:
            key = zstd, tuple(wanted)
            if key not in self._spools:
                self._spools[key] = Spool(Reading(self._snapshot, wanted, zstd, self._context))
            return self._spools[key]
