"""A stored snapshot as the source of another store, with word of how far the copy is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.model.snapshot import EntryKind, SnapshotReader
from outrig.snapshot.ahead import ended
from outrig.snapshot.heap import keep_heap_small
from outrig.snapshot.manifest import chunk_length

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from outrig.interfaces import Context
    from outrig.model.snapshot import Entry, SnapshotInfo

_STEP = 4 << 20


class CopyReader(SnapshotReader):
    """Reads from one store for another, which asks only for what it lacks.

    It asks in the order of the paths, a part of the tree at a time. So what lies before the part
    that is asked for is done or was there already, and what is left is that part and all behind it.
    """

    def __init__(self, source: SnapshotReader, context: Context, project_id: str | None) -> None:
        keep_heap_small()
        self._source = source
        self._context = context
        self._project_id = project_id
        self._ends: dict[str, tuple[int, int]] | None = None
        self._total = 0

    @property
    def info(self) -> SnapshotInfo:
        """The snapshot's label, as a snapshot of the project that it is to belong to."""
        info = self._source.info
        return info if self._project_id is None else replace(info, project_id=self._project_id)

    def entries(self) -> Collection[Entry]:
        """Every entry, sorted by path."""
        return self._source.entries()

    def read(self, digests: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the content of chunks, and say how far it is."""
        ends = self._places()
        left = sum(ends[one][0] for one in digests if one in ends)
        left += self._total - max((ends[one][1] for one in digests if one in ends), default=0)
        self._context.progress(self._total - left, self._total, "bytes copied")
        untold = 0
        with ended(self._source.read(digests)) as chunks:
            for digest, data in chunks:
                self._context.check_cancelled()
                left -= len(data)
                untold += len(data)
                if untold >= _STEP:
                    untold = 0
                    self._context.progress(self._total - left, self._total, "bytes copied")
                yield digest, data

    def _places(self) -> dict[str, tuple[int, int]]:
        """Return the length of each chunk, and how many bytes of content end with it."""
        if self._ends is None:
            self._ends = {}
            for entry in self.entries():
                if entry.kind is not EntryKind.FILE:
                    continue
                for index, digest in enumerate(entry.chunks):
                    if digest not in self._ends:
                        length = chunk_length(entry.size_bytes, index)
                        self._total += length
                        self._ends[digest] = (length, self._total)
        return self._ends
