"""The chunks that nodes lack, read and encoded once for all nodes that lack the same."""

from __future__ import annotations

import tempfile
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.node.program.apply import packs
from outrig.node.program.wire import PIECE, RAW, ZSTD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from outrig.interfaces import Context
    from outrig.model.snapshot import SnapshotReader

CHECK_EVERY = 64
LEVEL = 1


@dataclass(frozen=True, slots=True)
class Pack:
    """Some chunks as they go over the wire, and how they are encoded."""

    data: bytes
    encoding: int


class Reading:
    """Reads chunks and makes packs of them; `zstd` tells whether the node can undo that."""

    def __init__(
        self, snapshot: SnapshotReader, wanted: dict[str, int], zstd: bool, context: Context
    ) -> None:
        self._snapshot = snapshot
        self._wanted = wanted
        self._zstd = zstd
        self._context = context
        self.size_bytes = 0

    def packs(self) -> Iterator[Pack]:
        """Yield the packs; raises `Interrupted` when the user asks to stop."""
        if not self._zstd:
            for data in packs(self._chunks(), PIECE):
                yield Pack(data, RAW)
            return
        import zstandard

        compressor = zstandard.ZstdCompressor(level=LEVEL)
        for data in packs(self._chunks(), PIECE):
            packed = compressor.compress(data)
            yield Pack(packed, ZSTD) if len(packed) < len(data) else Pack(data, RAW)

    def _chunks(self) -> Iterator[tuple[int, bytes]]:
        count = 0
        for digest, data in self._snapshot.read(tuple(self._wanted)):
            if count % CHECK_EVERY == 0:
                self._context.check_cancelled()
                self._context.progress(count, len(self._wanted), "chunks")
            count += 1
            self.size_bytes += len(data)
            yield self._wanted[digest], data
        self._context.progress(count, len(self._wanted), "chunks")


class Spool:
    """Packs that are made as the first node needs them, and kept in a file for the others."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self._source = reading.packs()
        self._file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - it goes with the spool
        self._places: list[tuple[int, int, int]] = []
        self._end = 0
        self._lock = threading.Lock()

    @property
    def size_bytes(self) -> int:
        """How large the chunks are that were read so far."""
        return self.reading.size_bytes

    def packs(self) -> Iterator[Pack]:
        """Yield all packs, from the first on."""
        number = 0
        while (pack := self._pack(number)) is not None:
            yield pack
            number += 1

    def close(self) -> None:
        """Forget what is kept."""
        self._file.close()

    def _pack(self, number: int) -> Pack | None:
        with self._lock:
            if number < len(self._places):
                start, size, encoding = self._places[number]
                self._file.seek(start)
                return Pack(self._file.read(size), encoding)
            pack = next(self._source, None)
            if pack is not None:
                self._file.seek(self._end)
                self._file.write(pack.data)
                self._places.append((self._end, len(pack.data), pack.encoding))
                self._end += len(pack.data)
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

    def of(self, wanted: dict[str, int], *, zstd: bool) -> Reading | Spool:
        """Return what yields the packs of these chunks (digest to number)."""
        if not self._shared:
            return Reading(self._snapshot, wanted, zstd, self._context)
        with self._lock:
            key = zstd, tuple(wanted)
            if key not in self._spools:
                self._spools[key] = Spool(Reading(self._snapshot, wanted, zstd, self._context))
            return self._spools[key]
