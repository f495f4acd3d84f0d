"""Puts a snapshot into an object store."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING

from outrig.errors import StoreError
from outrig.model.snapshot import SnapshotReader, StoredSnapshot
from outrig.snapshot.ahead import ended
from outrig.snapshot.block import pack_blocks
from outrig.snapshot.index import Index
from outrig.snapshot.label import Label, decode_label, encode_label, label_key
from outrig.snapshot.manifest import cut_bytes, encode_entries, group_parts, part_chunks
from outrig.snapshot.pack import PackBuilder
from outrig.snapshot.repository import Repository, label_row, opened
from outrig.snapshot.streamed import StreamedReader

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from typing import TypeAlias

    from outrig.interfaces import Context, ObjectStore
    from outrig.snapshot.manifest import Part

    _Chunks: TypeAlias = list[tuple[bytes, int]]

BLOCK_TARGET = 1 << 20
"""Bytes of content; a block of small chunks is closed when it holds that much."""
PACK_TARGET = 16 << 20
"""Bytes; a pack is closed when it is that large, so packs are 16 to 24 MiB, the last is less."""
_JOB_BYTES = 4 << 20
"""Of content that a thread is given at once: each change of hands costs a wait for the GIL."""
BYTES_AHEAD = 16 << 20
"""So much content is being compressed or waits for the pack."""
_ATTEMPTS = 3


class _Threads:
    """Threads that compress, and one that puts; made only when there is something to write."""

    def __init__(self) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._packing = ThreadPoolExecutor(max(1, min(4, os.cpu_count() or 1)), "outrig-pack")
        self._putting = ThreadPoolExecutor(1, "outrig-put")

    def pack(self, blocks: list[list[bytes]]) -> Future[list[tuple[int, bytes]]]:
        """Join and compress the chunks of each block."""
        return self._packing.submit(pack_blocks, blocks)

    def put(self, put: Callable[[PackBuilder], int], pack: PackBuilder) -> Future[int]:
        """Write a pack."""
        return self._putting.submit(put, pack)

    def close(self) -> None:
        """End the threads; what is not begun is dropped."""
        self._packing.shutdown(wait=True, cancel_futures=True)
        self._putting.shutdown(wait=True, cancel_futures=True)


class ChunkWriter:
    """Joins chunks to blocks, compresses these in threads, and puts full packs in another one.

    Holds two packs and `BYTES_AHEAD` of content, about 60 MB, whatever it is given.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._threads: _Threads | None = None
        self._held: list[bytes] = []
        self._chunks: _Chunks = []
        self._held_bytes = 0
        self._closed: list[list[bytes]] = []
        self._closed_chunks: list[_Chunks] = []
        self._closed_bytes = 0
        self._jobs: deque[tuple[Future[list[tuple[int, bytes]]], int, list[_Chunks]]] = deque()
        self._ahead_bytes = 0
        self._pack = PackBuilder()
        self._put: Future[int] | None = None
        self.added: set[bytes] = set()
        self.new_bytes = 0
        self.written_bytes = 0

    def add(self, digest: bytes, data: bytes) -> None:
        """Take one chunk, unless the store has it already."""
        if digest in self.added or self._repository.usable(digest):
            return
        length = len(data)
        self.added.add(digest)
        self.new_bytes += length
        if self._held_bytes + length > BLOCK_TARGET:
            self._close_block()
        self._held.append(data)
        self._chunks.append((digest, length))
        self._held_bytes += length
        if self._held_bytes >= BLOCK_TARGET:
            self._close_block()

    def _close_block(self) -> None:
        if not self._held:
            return
        self._closed.append(self._held)
        self._closed_chunks.append(self._chunks)
        self._closed_bytes += self._held_bytes
        self._held, self._chunks, self._held_bytes = [], [], 0
        if self._closed_bytes >= _JOB_BYTES:
            self._give_job()

    def _give_job(self) -> None:
        if not self._closed:
            return
        self._repository.context.check_cancelled()
        if self._threads is None:
            self._threads = _Threads()
        self._ahead_bytes += self._closed_bytes
        job = self._threads.pack(self._closed)
        self._jobs.append((job, self._closed_bytes, self._closed_chunks))
        self._closed, self._closed_chunks, self._closed_bytes = [], [], 0
        while self._ahead_bytes > BYTES_AHEAD:
            self._take_job()

    def _take_job(self) -> None:
        future, size, blocks = self._jobs.popleft()
        self._ahead_bytes -= size
        for (codec, stored), chunks in zip(future.result(), blocks, strict=True):
            self._pack.add(codec, stored, sum(length for _, length in chunks), chunks)
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
        self._repository.store.put(key, data, if_absent=True)
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
        self._give_job()
        while self._jobs:
            self._take_job()
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
    with ended(source.read(frozenset(one.hex() for one in missing))) as chunks:
        for digest, data in chunks:
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
