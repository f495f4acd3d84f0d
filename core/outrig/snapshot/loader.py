"""Reads a snapshot out of an object store: its entries, and any of its chunks."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakValueDictionary

from outrig.errors import NotFoundError, StoreError
from outrig.model.blocks import BlockSink, StoredBlock
from outrig.model.snapshot import Entry, EntryKind
from outrig.snapshot.ahead import ended
from outrig.snapshot.block import unpack_block
from outrig.snapshot.label import decode_label, is_id
from outrig.snapshot.manifest import MAX_ENCODING, decode
from outrig.snapshot.pack import ZSTD
from outrig.snapshot.pathname import display
from outrig.snapshot.repository import Repository, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from outrig.interfaces import Context, ObjectStore
    from outrig.model.snapshot import ChunkSink, Wanted
    from outrig.snapshot.index import Place
    from outrig.snapshot.label import Label

_RUN_BYTES = 4 << 20
_RUN_CONTENT = 4 << 20
"""Neighbouring blocks are fetched together, up to so much stored and so much content."""
_THREADS = 2
_AHEAD = 3
_SHOWN_FILES = 5
_NEARLY_ALL = 0.9
"""A block of which less is wanted is not handed on as it is stored."""


class _Run(NamedTuple):
    """Neighbouring blocks of one pack, with what is wanted from each."""

    pack: str
    start: int
    end: int
    blocks: list[tuple[Place, list[tuple[bytes, Place]]]]
    content: int


class _Fetched(NamedTuple):
    chunks: list[tuple[bytes, bytes]]
    blocks: list[StoredBlock]
    failed: bool


def neighbouring_blocks(places: dict[bytes, Place]) -> Iterator[_Run]:
    """Group chunks by block, and blocks by neighbourhood, in the order of the packs."""
    blocks: dict[tuple[str, int], list[tuple[bytes, Place]]] = {}
    for digest, place in places.items():
        blocks.setdefault((place.pack, place.at), []).append((digest, place))
    run: _Run | None = None
    for (pack, at), wanted in sorted(blocks.items(), key=lambda item: item[0]):
        place = wanted[0][1]
        end = at + place.stored
        if run and run.pack == pack and run.end == at and _fits(run, place):
            run.blocks.append((place, wanted))
            run = run._replace(end=end, content=run.content + place.raw)
            continue
        if run:
            yield run
        run = _Run(pack, at, end, [(place, wanted)], place.raw)
    if run:
        yield run


def _fits(run: _Run, place: Place) -> bool:
    stored = run.end - run.start + place.stored
    return stored <= _RUN_BYTES and run.content + place.raw <= _RUN_CONTENT


def _fetch(store: ObjectStore, run: _Run, *, stored: bool) -> _Fetched:
    """Fetch, unpack and check a run; what is damaged is left out and said.

    With `stored`, blocks that are whole and wanted come as they are stored.
    """
    try:
        data = store.get(run.pack, run.start, run.end - run.start)
    except NotFoundError:
        return _Fetched([], [], failed=True)
    chunks: list[tuple[bytes, bytes]] = []
    blocks = []
    failed = False
    view = memoryview(data)
    for block, wanted in run.blocks:
        at = block.at - run.start
        frame = view[at : at + block.stored]
        try:
            content = unpack_block(block.codec, frame, block.raw, f"pack {block.pack}")
        except StoreError:
            failed = True
            continue
        found = _whole(content, wanted)
        failed = failed or len(found) < len(wanted)
        if stored and block.codec == ZSTD and is_nearly_all(found, block.raw):
            parts = tuple((one.hex(), place.start, place.length) for one, place in found)
            blocks.append(StoredBlock(frame=bytes(frame), size_bytes=block.raw, chunks=parts))
        else:
            chunks += [(one, content[at.start : at.start + at.length]) for one, at in found]
    return _Fetched(chunks, blocks, failed)


def _whole(content: bytes, wanted: list[tuple[bytes, Place]]) -> list[tuple[bytes, Place]]:
    """Return those of the wanted chunks whose content is what their digest says."""
    from blake3 import blake3

    view = memoryview(content)
    return [
        (digest, place)
        for digest, place in wanted
        if blake3(view[place.start : place.start + place.length]).digest() == digest
    ]


def is_nearly_all(found: list[tuple[bytes, Place]], size: int) -> bool:
    """Whether so much of a block of `size` bytes is wanted that it is handed on whole."""
    return sum(place.length for _, place in found) >= _NEARLY_ALL * size


def _fetch_all(
    store: ObjectStore, runs: Iterable[_Run], *, stored: bool
) -> Iterator[tuple[_Run, _Fetched]]:
    """Fetch runs in threads, a few ahead of whoever takes them."""
    threads = max(_THREADS, store.parallel)
    pool = ThreadPoolExecutor(threads, "outrig-load")
    ahead: deque[tuple[_Run, Future[_Fetched]]] = deque()
    try:
        for run in runs:
            ahead.append((run, pool.submit(_fetch, store, run, stored=stored)))
            if len(ahead) >= max(_AHEAD, threads + 1):
                first, future = ahead.popleft()
                yield first, future.result()
        while ahead:
            first, future = ahead.popleft()
            yield first, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def fetch_chunks(
    repository: Repository,
    digests: Iterable[bytes],
    *,
    missing: set[bytes] | None = None,
    block: Callable[[StoredBlock], None] | None = None,
) -> Iterator[tuple[bytes, bytes]]:
    """Yield each chunk once, checked; a damaged place is tried elsewhere.

    What is nowhere whole is added to `missing`; without it, that raises `StoreError`. With `block`,
    that is given blocks as they are stored, and their chunks are not yielded.
    """
    wanted = set(digests)
    bad: set[str] = set()
    looked = False
    while wanted:
        places = repository.places(wanted, bad)
        if len(places) < len(wanted) and not looked:
            looked = True  # another writer may have added or moved packs since
            repository.refresh_packs()
            continue
        if not places:
            break
        with ended(
            _fetch_all(repository.store, neighbouring_blocks(places), stored=block is not None)
        ) as runs:
            for run, fetched in runs:
                repository.context.check_cancelled()
                if fetched.failed:
                    bad.add(run.pack)
                    looked = False
                if block is not None:
                    wanted -= _handed_on(fetched.blocks, block)
                for digest, chunk in fetched.chunks:
                    wanted.discard(digest)
                    yield digest, chunk
    if not wanted:
        return
    if missing is None:
        raise StoreError(f"{len(wanted)} chunks are missing or damaged in {repository.store.url}")
    missing |= wanted


def _handed_on(blocks: list[StoredBlock], take: Callable[[StoredBlock], None]) -> set[bytes]:
    """Hand blocks on; returns the chunks that are in them."""
    for one in blocks:
        take(one)
    return {bytes.fromhex(digest) for one in blocks for digest, _, _ in one.chunks}


def read_pieces(repository: Repository, pieces: Collection[bytes], what: str) -> bytes:
    """Return the content of a label's pieces, joined; raises `StoreError`."""
    missing: set[bytes] = set()
    found: dict[bytes, bytes] = {}
    total = 0
    for digest, data in fetch_chunks(repository, pieces, missing=missing):
        found[digest] = data
        total += len(data)
        if total > MAX_ENCODING:
            raise StoreError(f"{what} is larger than {MAX_ENCODING} bytes")
    if missing:
        raise StoreError(f"{what} is missing or damaged in {repository.store.url}")
    joined = b"".join([found[digest] for digest in pieces])
    if len(joined) > MAX_ENCODING:
        raise StoreError(f"{what} is larger than {MAX_ENCODING} bytes")
    return joined


class _Entries(list[Entry]):
    """Entries that can be found again for as long as somebody holds them."""


_decoded: WeakValueDictionary[tuple[str, tuple[bytes, ...]], _Entries] = WeakValueDictionary()


def read_entries(repository: Repository, label: Label) -> list[Entry]:
    """Return a snapshot's entries, checked against its digest; raises `StoreError`.

    A list that is still held by who asked for it before (a reader, for its chunks) is not read
    again: its key is the digest of all that is in it.
    """
    key = (label.info.digest, label.times)
    held = _decoded.get(key)
    if held is None:
        held = _Entries(fetch_entries(repository, label))
        _decoded[key] = held
    return held


def fetch_entries(repository: Repository, label: Label) -> list[Entry]:
    """Fetch and decode a snapshot's entries, as `read_entries` does when nobody holds them."""
    from blake3 import blake3

    name = f'snapshot "{display(label.info.name)}" ({label.info.id})'
    encoding = read_pieces(repository, label.pieces, f"the list of files of {name}")
    if blake3(encoding).hexdigest() != label.info.digest:
        raise StoreError(f"the list of files of {name} is not the one its digest names")
    times = read_pieces(repository, label.times, f"the list of times of {name}")
    return decode(encoding, times)


def find_label(repository: Repository, digest: str) -> Label:
    """Return the label of a snapshot id, or the newest with a tree's digest."""
    try:
        if is_id(digest):
            return repository.read_label(digest)
        repository.refresh_labels()
        row = next(repository.index.select("digest=?", (digest,), limit=1, body=True), None)
        if row is not None:
            return decode_label(row.body, row.id)
    except NotFoundError:
        pass
    raise NotFoundError(
        f'there is no snapshot "{display(digest)}" in {repository.store.url}',
        hint="see: outrig snapshot list",
    )


def hurt_files(entries: Collection[Entry], missing: Collection[bytes]) -> str:
    """Name the files that the missing chunks belong to."""
    lost = {one.hex() for one in missing}
    hurt = [
        display(entry.path)
        for entry in entries
        if entry.kind is EntryKind.FILE and not lost.isdisjoint(entry.chunks)
    ]
    more = f" and {len(hurt) - _SHOWN_FILES} more" if len(hurt) > _SHOWN_FILES else ""
    return ", ".join(hurt[:_SHOWN_FILES]) + more


def load_snapshot(
    store: ObjectStore, digest: str, wanted: Wanted, sink: ChunkSink, context: Context
) -> bool:
    """Hand a snapshot to a sink; see `outrig.hookspecs.load_snapshot`."""
    with opened(store, context) as repository:
        label = find_label(repository, digest)
        entries = read_entries(repository, label)
        sink.entries(label.info, entries)
        chunks = wanted.chunks
        if chunks is None:
            chunks = frozenset(chunk for entry in entries for chunk in entry.chunks)
        missing: set[bytes] = set()
        asked = (bytes.fromhex(chunk) for chunk in chunks)
        block = sink.block if isinstance(sink, BlockSink) else None
        with ended(fetch_chunks(repository, asked, missing=missing, block=block)) as found:
            for key, data in found:
                sink.chunk(key.hex(), data)
    if missing:
        raise StoreError(
            f'snapshot "{display(label.info.name)}" ({label.info.id}) is damaged: '
            f"{hurt_files(entries, missing)}",
            hint="outrig snapshot check tells what else is; the other files can be restored",
        )
    return True
