"""A snapshot in a store, as a `SnapshotReader` over the hook `load_snapshot`."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from outrig.errors import NotFoundError, StoreError
from outrig.model.blocks import BlockReader, BlockSink, StoredBlock
from outrig.model.snapshot import ChunkSink, SnapshotInfo, Wanted
from outrig.snapshot.ahead import ended

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from outrig.interfaces import Context
    from outrig.model.blocks import Content, Link
    from outrig.model.snapshot import Entry

_QUEUE_BYTES = 4 << 20
_BATCH_BYTES = 1 << 20


class LoadHook(Protocol):
    """The hook `load_snapshot` of the chosen store."""

    def __call__(
        self, digest: str, wanted: Wanted, sink: ChunkSink, context: Context
    ) -> bool | None:
        """Hand a snapshot to a sink."""


class LinkSource(Protocol):
    """Makes links to what a store has of these chunks."""

    def __call__(self, digests: Collection[str]) -> Iterator[Link]:
        """Yield them."""


class _Abandoned(Exception):  # noqa: N818 - nothing went wrong: nobody reads on
    """Whoever asked for the chunks has gone away."""


class _EntriesOnly(ChunkSink):
    def __init__(self) -> None:
        self.info: SnapshotInfo | None = None
        self.found: Collection[Entry] = ()

    def entries(self, info: SnapshotInfo, entries: Collection[Entry]) -> None:
        self.info, self.found = info, entries

    def chunk(self, digest: str, data: bytes) -> None:
        raise StoreError(f"the store sent chunk {digest} ({len(data)} bytes) that nobody asked for")


class _Bridge(ChunkSink):
    """Takes chunks in the store's thread and gives them out in the reader's, a few ahead."""

    def __init__(self) -> None:
        self._ready = threading.Condition()
        self._filling: list[Content] = []
        self._filled = 0
        self._batches: deque[tuple[int, list[Content]]] = deque()
        self._bytes = 0
        self._ended = False
        self._abandoned = False
        self._error: BaseException | None = None

    def entries(self, info: SnapshotInfo, entries: Collection[Entry]) -> None:
        """Take the entries, which are known already."""

    def chunk(self, digest: str, data: bytes) -> None:
        self._put((digest, data), len(data))

    def _put(self, content: Content, size: int) -> None:
        self._filling.append(content)
        self._filled += size
        if self._filled >= _BATCH_BYTES:
            self._hand_over()

    def _hand_over(self) -> None:
        """Give out what was collected: one change of hands for many small chunks."""
        with self._ready:
            while self._bytes > _QUEUE_BYTES and not self._abandoned:
                self._ready.wait()
            if self._abandoned:
                raise _Abandoned
            self._batches.append((self._filled, self._filling))
            self._bytes += self._filled
            self._ready.notify_all()
        self._filling, self._filled = [], 0

    def end(self, error: BaseException | None) -> None:
        if self._filling and not self._abandoned:
            with suppress(_Abandoned):
                self._hand_over()
        with self._ready:
            self._ended = True
            self._error = error
            self._ready.notify_all()

    def abandon(self) -> None:
        with self._ready:
            self._abandoned = True
            self._ready.notify_all()

    def __iter__(self) -> Iterator[Content]:
        while True:
            with self._ready:
                while not self._batches and not self._ended:
                    self._ready.wait()
                if not self._batches:
                    if self._error is not None:
                        raise self._error
                    return
                size, batch = self._batches.popleft()
                self._bytes -= size
                self._ready.notify_all()
            yield from batch


class _BlockBridge(_Bridge, BlockSink):
    """Takes blocks as they are stored, too."""

    def block(self, block: StoredBlock) -> None:
        self._put(block, len(block.frame))


class StoredReader(BlockReader):
    """A snapshot by its label, id or digest; its entries are loaded when first asked for."""

    def __init__(
        self,
        snapshot: SnapshotInfo | str,
        load_snapshot: LoadHook,
        context: Context,
        find_links: Callable[[], LinkSource | None] = lambda: None,
    ) -> None:
        self._id = snapshot if isinstance(snapshot, str) else snapshot.id
        self._info = None if isinstance(snapshot, str) else snapshot
        self._load = load_snapshot
        self._context = context
        self._find_links = find_links
        self._entries: Collection[Entry] | None = None
        self._lock = threading.Lock()

    @property
    def info(self) -> SnapshotInfo:
        """The snapshot's label."""
        if self._info is None:
            self.entries()
        if self._info is None:
            raise NotFoundError(f'there is no snapshot "{self._id}"')
        return self._info

    def entries(self) -> Collection[Entry]:
        """Every entry, sorted by path."""
        with self._lock:
            if self._entries is None:
                sink = _EntriesOnly()
                self._load(self._id, Wanted(chunks=frozenset()), sink, self._context)
                self._info = self._info or sink.info
                self._entries = sink.found
            return self._entries

    def read(self, digests: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """Yield chunks in the order in which the store has them."""
        with ended(self._read(digests, _Bridge())) as found:
            for one in found:
                if isinstance(one, tuple):
                    yield one

    def read_stored(self, digests: Collection[str]) -> Iterator[Content]:
        """See `BlockReader`; in the order in which the store has them."""
        return self._read(digests, _BlockBridge())

    @property
    def linked(self) -> bool:  # type: ignore[override]
        """See `BlockReader`."""
        return self._link is not None

    def links(self, digests: Collection[str]) -> Iterator[Link]:
        """See `BlockReader`."""
        return self._link(digests) if self._link is not None else iter(())

    @cached_property
    def _link(self) -> LinkSource | None:
        return self._find_links()

    def _read(self, digests: Collection[str], bridge: _Bridge) -> Iterator[Content]:
        if not digests:
            return
        thread = threading.Thread(
            target=self._run, args=(frozenset(digests), bridge), name="outrig-read"
        )
        thread.start()
        try:
            yield from bridge
        finally:
            bridge.abandon()
            thread.join()

    def _run(self, digests: frozenset[str], bridge: _Bridge) -> None:
        try:
            self._load(self._id, Wanted(chunks=digests), bridge, self._context)
        except _Abandoned:
            bridge.end(None)
        except BaseException as err:
            bridge.end(err)
        else:
            bridge.end(None)
