"""Puts a snapshot into an object store."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING

from outrig.errors import StoreError
from outrig.model.snapshot import SnapshotReader, StoredSnapshot
from outrig.snapshot.block import pack_block
from outrig.snapshot.index import Index
from outrig.snapshot.label import Label, decode_label, encode_label, label_key
from outrig.snapshot.manifest import cut_bytes, encode_entries, group_parts, part_chunks
from outrig.snapshot.pack import PackBuilder
from outrig.snapshot.repository import Repository, label_row, opened
from outrig.snapshot.streamed import StreamedReader

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from outrig.interfaces import Context, ObjectStore
    from outrig.snapshot.manifest import Part

BLOCK_TARGET = 1 << 20
"""Bytes of content; a block of small chunks is closed when it holds that much."""
PACK_TARGET = 24 << 20
"""Bytes; a pack is closed when it is that large, so packs are 16 to 64 MiB, the last is less."""
_BLOCKS_AHEAD = 6
_ATTEMPTS = 3


class _Threads:
    """Threads that compress, and one that puts; made only when there is something to write."""

    def __init__(self) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._packing = ThreadPoolExecutor(max(1, min(4, os.cpu_count() or 1)), "outrig-pack")
        self._putting = ThreadPoolExecutor(1, "outrig-put")

    def pack(self, content: bytes) -> Future[tuple[int, bytes]]:
        """Compress a block."""
        return self._packing.submit(pack_block, content)

    def put(self, put: Callable[[PackBuilder], int], pack: PackBuilder) -> Future[int]:
        """Write a pack."""
        return self._putting.submit(put, pack)

    def close(self) -> None:
        """End the threads; what is not begun is dropped."""
        self._packing.shutdown(wait=True, cancel_futures=True)
        self._putting.shutdown(wait=True, cancel_futures=True)


class ChunkWriter:
    """Joins chunks to blocks, compresses these in threads, and puts full packs in another one.

    Holds at most six blocks and two packs, about 100 MB, whatever it is given.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._threads: _Threads | None = None
        self._held: list[tuple[bytes, bytes]] = []
        self._held_bytes = 0
        self._blocks: deque[tuple[Future[tuple[int, bytes]], int, list[tuple[bytes, int]]]]
        self._blocks = deque()
        self._pack = PackBuilder()
        self._put: Future[int] | None = None
        self.added: set[bytes] = set()
        self.new_bytes = 0
        self.written_bytes = 0

    def add(self, digest: bytes, data: bytes) -> None:
        """Take one chunk, unless the store has it already."""
        if digest in self.added or self._repository.usable(digest):
            return
        self.added.add(digest)
        self.new_bytes += len(data)
        if self._held_bytes + len(data) > BLOCK_TARGET:
            self._close_block()
        self._held.append((digest, data))
        self._held_bytes += len(data)
        if self._held_bytes >= BLOCK_TARGET:
            self._close_block()

    def _close_block(self) -> None:
        if not self._held:
            return
        self._repository.context.check_cancelled()
        content = b"".join([data for _, data in self._held])
        chunks = [(digest, len(data)) for digest, data in self._held]
        self._held, self._held_bytes = [], 0
        if self._threads is None:
            self._threads = _Threads()
        self._blocks.append((self._threads.pack(content), len(content), chunks))
        while len(self._blocks) > _BLOCKS_AHEAD:
            self._take_block()

    def _take_block(self) -> None:
        future, raw, chunks = self._blocks.popleft()
        codec, stored = future.result()
        self._pack.add(codec, stored, raw, chunks)
        if self._pack.size >= PACK_TARGET:
            self._close_pack()

    def _close_pack(self) -> None:
        self._await_put()
        if self._pack.blocks:
            pack, self._pack = self._pack, PackBuilder()
            if self._threads is None:
                self._threads = _Threads()
            self._put = self._threads.put(self._put_now, pack)

    def _put_now(self, pack: PackBuilder) -> int:
        """Put a pack and tell the index; returns the pack's size in bytes."""
        key, data = pack.finish()
        self._repository.store.put(key, memoryview(data), if_absent=True)
        index = Index(self._repository.index.file)  # a connection is for one thread only
        try:
            index.add_pack(key, len(data), pack.blocks)
        finally:
            index.close()
        return len(data)

    def _await_put(self) -> None:
        if self._put is not None:
            self.written_bytes += self._put.result()
            self._put = None

    def flush(self) -> None:
        """Write out everything that was added; afterwards it is all in the store."""
        self._close_block()
        while self._blocks:
            self._take_block()
        self._close_pack()
        self._await_put()

    def close(self) -> None:
        """End the threads; what is not flushed is dropped."""
        if self._threads is not None:
            self._threads.close()


def store_snapshot(store: ObjectStore, source: SnapshotReader, context: Context) -> StoredSnapshot:
    """Keep a snapshot; see `outrig.hookspecs.store_snapshot`."""
    with opened(store, context) as repository:
        for _ in range(_ATTEMPTS):
            repository.begin()
            writer = ChunkWriter(repository)
            try:
                label = _write(repository, writer, source)
            finally:
                writer.close()
            context.check_cancelled()
            if repository.is_fresh():
                return _commit(repository, writer, label)
    raise StoreError(
        f"writing a snapshot to {store.url} took hours, three times over",
        hint="what was written is kept and used: try again",
    )


def _write(repository: Repository, writer: ChunkWriter, source: SnapshotReader) -> Label:
    """Bring everything a snapshot needs into the store, except for its label."""
    handed = False
    if isinstance(source, StreamedReader):
        handed = source.hand_over(writer.add)
        parts, times = source.encoding()
    else:
        parts, times = encode_entries(source.entries())
    live = _live_pieces(repository, source.info.project_id)
    pieces: list[bytes] = []
    for group in group_parts(parts):
        mine = _add_pieces(writer, b"".join(part.data for part in group), live)
        if not live.issuperset(mine):
            doubtful = [part for part in group if not (handed and part.fresh)]
            _add_missing(writer, repository, doubtful, source)
        pieces += mine
    stamps = _add_pieces(writer, times, live)
    writer.flush()
    return Label(info=source.info, pieces=tuple(pieces), times=tuple(stamps))


def _live_pieces(repository: Repository, project_id: str) -> frozenset[bytes]:
    """Return pieces of lists that a visible snapshot uses: they and all they name are there.

    Not while packs are doomed: the snapshot may rest on one of them, and be deleted meanwhile.
    """
    repository.refresh_labels()
    if repository.doomed:
        return frozenset()
    newest = repository.index.select("project=?", (project_id,), limit=2, body=True)
    labels = [decode_label(row.body, row.id) for row in newest]
    return frozenset(
        piece
        for label in labels
        for piece in (*label.pieces, *label.times)
        if repository.usable(piece)
    )


def _add_pieces(writer: ChunkWriter, data: bytes, live: frozenset[bytes]) -> list[bytes]:
    from blake3 import blake3

    digests = []
    for piece in cut_bytes(data):
        digest = blake3(piece).digest()
        digests.append(digest)
        if digest not in live:
            writer.add(digest, piece)
    return digests


def _add_missing(
    writer: ChunkWriter, repository: Repository, parts: list[Part], source: SnapshotReader
) -> None:
    """Read and add what directories name and the store lacks."""
    named = {digest for part in parts for digest in part_chunks(part.data)} - writer.added
    missing = {digest for digest in named if not repository.usable(digest)}
    if not missing:
        return
    for digest, data in source.read(frozenset(one.hex() for one in missing)):
        key = bytes.fromhex(digest)
        missing.discard(key)
        writer.add(key, data)
    if missing:
        raise StoreError(f"the source of the snapshot lacks {len(missing)} chunks that it names")


def _commit(repository: Repository, writer: ChunkWriter, label: Label) -> StoredSnapshot:
    """Make the snapshot visible."""
    data = encode_label(label)
    new = repository.store.put(label_key(label.info.id), data, if_absent=True)
    repository.index.change_labels([label_row(label)], ())
    return StoredSnapshot(
        info=label.info,
        new_chunks=len(writer.added),
        new_bytes=writer.new_bytes,
        written_bytes=writer.written_bytes + (len(data) if new else 0),
    )
