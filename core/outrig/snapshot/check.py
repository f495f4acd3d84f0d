"""Verifies a store: every byte of every label and pack, and that nothing a snapshot names lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError, StoreError
from outrig.model.snapshot import SnapshotInfo
from outrig.snapshot import pack as packs
from outrig.snapshot.ahead import ahead, ended
from outrig.snapshot.block import unpack_block
from outrig.snapshot.label import is_id
from outrig.snapshot.loader import fetch_entries, find_label
from outrig.snapshot.pathname import display
from outrig.snapshot.repository import Repository, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from outrig.interfaces import Context, ObjectStore
    from outrig.model.snapshot import Entry
    from outrig.snapshot.label import Label

_PACKS_AHEAD = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """Something that is wrong: with which snapshot (if one), which file (if one), and what."""

    what: str
    snapshot: SnapshotInfo | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What was looked at, and what is wrong. `foreign` are keys that are not ours."""

    snapshots: int = 0
    packs: int = 0
    size_bytes: int = 0
    damages: tuple[Damage, ...] = ()
    foreign: tuple[str, ...] = ()


class _Check:
    """One check; `sound` are the digests of the chunks that are there and right."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._context = repository.context
        self.sound: set[bytes] = set()
        self.damages: list[Damage] = []
        self.size_bytes = 0
        self.packs = 0

    def verify_packs(self, wanted: set[str] | None) -> None:
        """Read packs whole (`None`: all) and every chunk in them."""
        sizes = {one.key: one.size_bytes for one in self._repository.store.list(packs.PREFIX)}
        keys = [key for key in sizes if packs.key_digest(key) and (wanted is None or key in wanted)]
        total = sum(sizes[key] for key in keys)
        store = self._repository.store
        # A pack may be 64 MiB: few at once.
        fetched = ahead(store.get, sorted(keys), min(store.parallel, _PACKS_AHEAD))
        with ended(fetched):
            for key, data in fetched:
                self._context.check_cancelled()
                self._context.progress(self.size_bytes, total, "bytes verified")
                self.packs += 1
                self.size_bytes += sizes[key]
                self._verify_pack(key, data)

    def _verify_pack(self, key: str, fetched: Callable[[], bytes]) -> None:
        from blake3 import blake3

        try:
            data = fetched()
        except (StoreError, NotFoundError) as err:
            self.damages.append(Damage(what=str(err)))
            return
        if blake3(data).hexdigest() != packs.key_digest(key):
            self.damages.append(Damage(what=f"pack {key} is not what it was when written"))
        self.sound.update(self._sound_chunks(key, data))

    def _sound_chunks(self, key: str, data: bytes) -> Iterator[bytes]:
        """Yield the chunks of a pack that are right, also when the rest of it is not."""
        from blake3 import blake3

        try:
            trailer = data[-packs.TRAILER_BYTES :]
            length, checksum = packs.read_trailer(trailer, key, len(data))
            end = len(data) - packs.TRAILER_BYTES
            blocks = packs.open_table(data[end - length : end], checksum, key, len(data))
        except StoreError as err:
            self.damages.append(Damage(what=str(err)))
            return
        for block in blocks:
            stored = memoryview(data)[block.offset : block.offset + block.stored]
            try:
                content = unpack_block(block.codec, stored, block.raw, f"pack {key}")
            except StoreError as err:
                self.damages.append(Damage(what=str(err)))
                continue
            start = 0
            for digest, size in block.chunks:
                if blake3(content[start : start + size]).digest() == digest:
                    yield digest
                start += size

    def verify_snapshot(self, label: Label) -> None:
        """Look whether all that a snapshot names is among the sound chunks."""
        try:
            entries = fetch_entries(self._repository, label)
        except StoreError as err:
            self.damages.append(Damage(what=str(err), snapshot=label.info))
            return
        self._verify_entries(label.info, entries)

    def _verify_entries(self, info: SnapshotInfo, entries: Collection[Entry]) -> None:
        for entry in entries:
            lost = [one for one in entry.chunks if bytes.fromhex(one) not in self.sound]
            if lost:
                what = f"{len(lost)} of {len(entry.chunks)} chunks are missing or damaged"
                self.damages.append(Damage(what=what, snapshot=info, path=display(entry.path)))


def _labels(repository: Repository, ids: Sequence[str], check: _Check) -> Iterator[Label]:
    for snapshot_id in ids:
        repository.context.check_cancelled()
        try:
            yield repository.read_label(snapshot_id)
        except NotFoundError:
            continue  # deleted meanwhile
        except StoreError as err:
            check.damages.append(Damage(what=str(err)))


def _packs_of(repository: Repository, labels: Sequence[Label]) -> set[str]:
    """Return the packs that hold anything the labelled snapshots name."""
    found: set[str] = set()
    for label in labels:
        names = {*label.pieces, *label.times}
        try:
            entries = fetch_entries(repository, label)
        except StoreError:
            entries = []  # said when the snapshot itself is verified
        names.update(bytes.fromhex(chunk) for entry in entries for chunk in entry.chunks)
        for digest in names:
            found.update(place.pack for place in repository.index.find(digest))
    return found


def _foreign(store: ObjectStore) -> tuple[str, ...]:
    """Return the keys of objects that Outrig did not write."""
    return tuple(sorted(one.key for one in store.list("") if not _is_ours(one.key)))


def _is_ours(key: str) -> bool:
    top, _, rest = key.partition("/")
    if top == "packs":
        return packs.key_digest(key) is not None
    return top in ("snapshots", "doomed") and is_id(rest)


def check_store(store: ObjectStore, context: Context, *, ids: Sequence[str] = ()) -> CheckReport:
    """Verify the snapshots with these ids and all they rest on; without ids, the whole store.

    Raises `NotFoundError` for an id that is not there.
    """
    with opened(store, context) as repository:
        repository.refresh_packs()
        check = _Check(repository)
        if ids:
            labels = [find_label(repository, one) for one in ids]
            check.verify_packs(_packs_of(repository, labels))
        else:
            labels = list(_labels(repository, repository.label_ids(), check))
            check.verify_packs(None)
        for label in labels:
            check.verify_snapshot(label)
    return CheckReport(
        snapshots=len(labels),
        packs=check.packs,
        size_bytes=check.size_bytes,
        damages=tuple(check.damages),
        foreign=() if ids else _foreign(store),
    )
