"""Gives back the space of what no snapshot uses any more.

A prune deletes what an earlier one doomed at least a grace (24 h) ago and still nothing uses, and
then dooms what is of no use now. Packs that are mostly of no use are written anew with what is
still used, and doomed. Why this is safe beside creates in other processes: see `repository`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig import ids
from outrig.errors import NotFoundError, StoreError
from outrig.snapshot import pack as packs
from outrig.snapshot.ahead import ended
from outrig.snapshot.loader import fetch_chunks, fetch_entries
from outrig.snapshot.repository import DOOMED, FRESH_S, Repository, opened
from outrig.snapshot.writer import ChunkWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.interfaces import Context, ObjectStore

GRACE_S = 24 * 3600.0
_SPARSE = 0.5
"""A pack with a smaller share of its bytes in use is written anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneReport:
    """What a prune did: deleted now, written anew, and doomed, to be deleted after the grace."""

    deleted_packs: int = 0
    deleted_bytes: int = 0
    rewritten_packs: int = 0
    doomed_packs: int = 0
    doomed_bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Sentence:
    """One `doomed/` object: when it was written, and the keys it dooms."""

    key: str
    at_s: float
    keys: tuple[str, ...]


def _sentences(repository: Repository) -> Iterator[_Sentence]:
    for one in list(repository.store.list(DOOMED)):
        try:
            fields = json.loads(repository.store.get(one.key))
            yield _Sentence(one.key, float(fields["at_s"]), tuple(map(str, fields["keys"])))
        except (NotFoundError, ValueError, KeyError, TypeError):
            continue


def _used_chunks(repository: Repository) -> set[bytes]:
    """Return every chunk that a snapshot names; raises `StoreError` when one cannot be read."""
    used: set[bytes] = set()
    lists: set[tuple[bytes, ...]] = set()
    for snapshot_id in repository.label_ids():
        repository.context.check_cancelled()
        try:
            label = repository.read_label(snapshot_id)
        except NotFoundError:
            continue
        used.update(label.pieces, label.times)
        if label.pieces in lists:
            continue
        lists.add(label.pieces)
        for entry in fetch_entries(repository, label):
            used.update(bytes.fromhex(chunk) for chunk in entry.chunks)
    return used


class _Prune:
    def __init__(self, repository: Repository, grace_s: float) -> None:
        self._repository = repository
        self._store = repository.store
        self._grace_s = grace_s
        self._now_s = repository.clock()
        self._objects = {one.key: one for one in self._store.list(packs.PREFIX)}
        self._used: set[bytes] = set()

    def run(self) -> PruneReport:
        self._store.tidy(self._now_s - GRACE_S)
        self._used = _used_chunks(self._repository)
        deleted = self._carry_out()
        waiting = frozenset(self._repository.doomed_keys())
        useless, sparse = self._judge(waiting | frozenset(deleted))
        self._rewrite(sparse, waiting)
        doomed = [*useless, *sparse]
        if doomed:
            body = json.dumps({"at_s": self._now_s, "keys": doomed}).encode()
            self._store.put(DOOMED + ids.new_id(), body, if_absent=True)
        if doomed and self._grace_s <= 0:
            deleted += self._delete(doomed)
        return PruneReport(
            deleted_packs=len(deleted),
            deleted_bytes=sum(self._size(key) for key in deleted),
            rewritten_packs=len(sparse),
            doomed_packs=len(doomed),
            doomed_bytes=sum(self._size(key) for key in doomed),
        )

    def _size(self, key: str) -> int:
        found = self._objects.get(key)
        return 0 if found is None else found.size_bytes

    def _needed(self, key: str, keys: frozenset[str]) -> bool:
        """Say whether a pack holds something in use that no pack outside of `keys` holds."""
        return any(
            all(place.pack in keys for place in self._repository.index.find(digest))
            for digest in self._chunks(key)
            if digest in self._used
        )

    def _chunks(self, key: str) -> Iterator[bytes]:
        return self._repository.index.digests(key)

    def _carry_out(self) -> list[str]:
        """Delete what was doomed long enough ago, and pardon what is used after all."""
        deleted: list[str] = []
        for sentence in list(_sentences(self._repository)):
            if self._now_s - sentence.at_s < self._grace_s:
                continue
            self._repository.context.check_cancelled()
            keys = frozenset(one for one in sentence.keys if packs.key_digest(one))
            useless = [key for key in keys if not self._needed(key, keys)]
            deleted += self._delete(useless)
            self._store.delete([sentence.key])
        return deleted

    def _delete(self, keys: list[str]) -> list[str]:
        there = [key for key in keys if key in self._objects]
        self._store.delete(there)
        self._repository.index.remove_packs(there)
        return there

    def _judge(self, settled: frozenset[str]) -> tuple[list[str], list[str]]:
        """Return the packs nothing uses, and those of which little is used, less the settled.

        A pack that may still be part of a create under way is left alone.
        """
        useless = self._broken(settled)
        sparse = []
        for key, size in self._repository.index.packs().items():
            found = self._objects.get(key)
            if found is None or key in settled:
                continue
            if self._now_s - found.modified_s < min(self._grace_s, FRESH_S):
                continue
            used = self._repository.index.used_bytes(key, self._used)
            if not used:
                useless.append(key)
            elif used < _SPARSE * size:
                sparse.append(key)
        return useless, sparse if len(sparse) > 1 or self._worth(sparse) else []

    def _broken(self, settled: frozenset[str]) -> list[str]:
        """Return packs that cannot be read, when all that is used is in others."""
        index = self._repository.index
        known = index.packs()
        broken = [
            key
            for key, one in self._objects.items()
            if packs.key_digest(key)
            and key not in known
            and key not in settled
            and self._now_s - one.modified_s >= min(self._grace_s, FRESH_S)
        ]
        return broken if broken and all(index.has(digest) for digest in self._used) else []

    def _worth(self, sparse: list[str]) -> bool:
        return any(self._size(key) > 1 << 20 for key in sparse)

    def _rewrite(self, sparse: list[str], waiting: frozenset[str]) -> None:
        """Write what is used of these packs into new ones."""
        if not sparse:
            return
        self._repository.doomed = waiting | frozenset(sparse)
        kept = {digest for key in sparse for digest in self._chunks(key) if digest in self._used}
        kept = {one for one in kept if not self._repository.usable(one)}
        writer = ChunkWriter(self._repository)
        try:
            with ended(fetch_chunks(self._repository, kept)) as chunks:
                for digest, data in chunks:
                    writer.add(digest, data)
            writer.flush()
        finally:
            writer.close()


def prune_store(store: ObjectStore, context: Context, *, grace_s: float = GRACE_S) -> PruneReport:
    """Free what no snapshot uses; with a grace of 0 nothing else may use the store meanwhile.

    Raises `StoreError`, and then frees nothing, when the list of files of a snapshot is damaged.
    """
    with opened(store, context) as repository:
        repository.begin()
        try:
            return _Prune(repository, grace_s).run()
        except StoreError as err:
            raise StoreError(
                f"nothing more is pruned: {err}", hint="see: outrig snapshot check"
            ) from err
