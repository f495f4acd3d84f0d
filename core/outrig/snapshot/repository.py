"""A store and the local index of it, kept in step.

Which objects there are, beside packs and labels: `doomed/<id>`, one per prune, names the packs that
will be deleted once 24 h have passed. Whoever writes a snapshot lists them first and relies on none
of them; it makes the snapshot visible within `FRESH_S` of that, or looks again. Prune deletes only
what was doomed a grace before and what, by then, no label uses. So nothing that a concurrent create
relies on is ever deleted, without any lock in the store: the create saw the pack doomed and wrote
its own copy, or its label was visible long before the grace was over.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError, StoreError
from outrig.snapshot import label as labels
from outrig.snapshot import pack as packs
from outrig.snapshot.ahead import ahead, ended
from outrig.snapshot.index import Index, LabelRow, Place, index_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from outrig.interfaces import Context, ObjectStore
    from outrig.snapshot.label import Label

DOOMED = "doomed/"
FRESH_S = 6 * 3600
_FIRST_TAIL = 256 << 10
_IN_STEP = 200


class Repository:
    """An object store with its index. For use in one thread, except `store` itself."""

    def __init__(
        self, store: ObjectStore, context: Context, clock: Callable[[], float] = time.time
    ) -> None:
        self.store = store
        self.context = context
        self.clock = clock
        self.index = Index(index_file(store.url))
        if self.index.rebuilt:
            context.progress(0, None, "the local snapshot index was damaged and is made anew")
        self.doomed: frozenset[str] = frozenset()
        self.begun_s = 0.0
        self._sizes: dict[str, int] = {}
        self._had_packs = True

    def close(self) -> None:
        """Let go of the index."""
        self.index.close()

    def begin(self) -> None:
        """Look at what is in the store, before writing."""
        self.begun_s = self.clock()
        self.doomed = frozenset(self.doomed_keys())
        self.refresh_packs()
        self._had_packs = bool(self._sizes)

    def is_fresh(self) -> bool:
        """Whether `begin` was late enough for a snapshot to be made visible now."""
        return abs(self.clock() - self.begun_s) < FRESH_S

    def doomed_keys(self) -> Iterator[str]:
        """Yield the keys of packs that prunes are about to delete."""
        for key in list(self.store.keys(DOOMED)):
            try:
                yield from map(str, json.loads(self.store.get(key))["keys"])
            except NotFoundError:
                continue
            except (ValueError, KeyError, TypeError):
                continue  # no prune finished writing it, so nothing is deleted for it either

    def refresh_packs(self) -> None:
        """Bring the index's packs in step with the store's; a damaged pack is passed over."""
        known = self.index.packs()
        there = {
            one.key: one.size_bytes
            for one in self.store.list(packs.PREFIX)
            if packs.key_digest(one.key)
        }
        gone = [key for key in known if key not in there]
        if gone:
            self.index.remove_packs(gone)
        new = [key for key in there if key not in known]
        tables = ahead(lambda key: self.read_table(key, there[key]), new, self.store.parallel)
        with ended(tables):
            for number, (key, table) in enumerate(tables):
                self.context.check_cancelled()
                if number and number % _IN_STEP == 0:
                    self.context.progress(number, len(new), "pack tables read")
                with suppress(StoreError, NotFoundError):
                    self.index.add_pack(key, there[key], table())
        self._sizes = there

    def read_table(self, key: str, size: int) -> list[packs.Block]:
        """Fetch a pack's table; raises `StoreError` when the pack is damaged."""
        start = max(0, size - _FIRST_TAIL)
        tail = self.store.get(key, start, size - start)
        length, checksum = packs.read_trailer(tail[-packs.TRAILER_BYTES :], key, size)
        at = size - packs.TRAILER_BYTES - length
        if at >= start:
            table = tail[at - start : at - start + length]
        else:
            table = self.store.get(key, at, length)
        return packs.open_table(table, checksum, key, size)

    def refresh_labels(self) -> None:
        """Bring the index's labels in step with the store's; a damaged one is passed over."""
        known = self.index.labels()
        prefix = len(labels.PREFIX)
        there = {key[prefix:] for key in self.store.keys(labels.PREFIX)}
        gone = known - there
        new = sorted(filter(labels.is_id, there - known))
        if not gone and not new:
            return
        rows = []
        fetched = ahead(self.read_label, new, self.store.parallel)
        with ended(fetched):
            for number, (_, label) in enumerate(fetched):
                self.context.check_cancelled()
                if number and number % _IN_STEP == 0:
                    self.context.progress(number, len(new), "labels read")
                with suppress(StoreError, NotFoundError):
                    rows.append(label_row(label()))
        self.index.change_labels(rows, gone)

    def read_label(self, snapshot_id: str) -> Label:
        """Fetch a label; raises `NotFoundError`, or `StoreError` when it is damaged."""
        data = self.store.get(labels.label_key(snapshot_id), 0, labels.MAX_LABEL)
        return labels.decode_label(data, snapshot_id)

    def label_ids(self) -> list[str]:
        """Return the id of every snapshot in the store, readable or not, oldest first."""
        prefix = len(labels.PREFIX)
        keys = (key[prefix:] for key in self.store.keys(labels.PREFIX))
        return sorted(key for key in keys if labels.is_id(key))

    def usable(self, digest: bytes) -> bool:
        """Say whether a chunk is in the store and may be relied on."""
        if not self.doomed:
            return self._had_packs and self.index.has(digest)
        return any(place.pack not in self.doomed for place in self.index.find(digest))

    def places(self, digests: Iterable[bytes], without: set[str]) -> dict[bytes, Place]:
        """Return a place of each chunk that is in a pack outside of those in `without`."""
        found: dict[bytes, Place] = {}
        for digest, place in self.index.places(digests):
            if place.pack not in without:
                found.setdefault(digest, place)
        return found


def label_row(label: Label) -> LabelRow:
    """Return what the index keeps of a label."""
    info = label.info
    return LabelRow(
        info.id,
        info.name,
        info.digest,
        info.project_id,
        labels.microseconds(info.created_at),
        info.description,
        info.file_count,
        info.size_bytes,
        int(info.git is not None or bool(info.missing_outputs)),
        labels.encode_label(label),
    )


@contextmanager
def opened(store: ObjectStore, context: Context) -> Iterator[Repository]:
    """Open a store's repository; a damaged index is thrown away, to be made anew next time."""
    repository = Repository(store, context)
    try:
        yield repository
    except sqlite3.OperationalError as err:
        raise StoreError(f"the snapshot index {repository.index.file}: {err}") from err
    except sqlite3.DatabaseError as err:
        if type(err) is not sqlite3.DatabaseError:
            raise
        repository.index.discard()
        raise StoreError(
            f"the snapshot index {repository.index.file} was damaged and is removed",
            hint="run the command again: the index is made anew from the store",
        ) from err
    finally:
        repository.close()
