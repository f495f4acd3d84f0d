"""Threads that write a restored snapshot's files.

Each writes the files of its own directories, with a descriptor cache of its own, so they share
nothing; a file's chunks all go to one thread. What waits for them is bounded.
"""

from __future__ import annotations

import os
import queue
import threading
from typing import TYPE_CHECKING
from zlib import crc32

from outrig.snapshot.pathname import to_bytes

if TYPE_CHECKING:
    from outrig.model.snapshot import Entry
    from outrig.snapshot.target import Target

_BATCH_BYTES = 512 << 10
_BATCH_CHUNKS = 256
_WAITING = 2
"""Batches that wait for a thread: with the one being filled at most about 14 MiB each."""


class _Worker(threading.Thread):
    def __init__(self, target: Target) -> None:
        super().__init__(name="outrig-restore", daemon=True)
        self._target = target
        self._queue: queue.Queue[list[tuple[Entry, int, bytes]] | None] = queue.Queue(_WAITING)
        self._filling: list[tuple[Entry, int, bytes]] = []
        self._filled = 0
        self.error: BaseException | None = None
        self.files = 0

    def give(self, entry: Entry, index: int, data: bytes) -> None:
        self._filling.append((entry, index, data))
        self._filled += len(data)
        if self._filled >= _BATCH_BYTES or len(self._filling) >= _BATCH_CHUNKS:
            self.hand_over()

    def hand_over(self) -> None:
        if self.error is not None:
            raise self.error
        if self._filling:
            self._queue.put(self._filling)
            self._filling, self._filled = [], 0

    def end(self) -> None:
        self._queue.put(None)
        self.join()
        self._target.close()

    def run(self) -> None:
        """Write until told to end; after an error, only empty the queue."""
        while (batch := self._queue.get()) is not None:
            if self.error is None:
                try:
                    for entry, index, data in batch:
                        self.files += self._target.write_chunk(entry, index, data)
                except BaseException as err:
                    self.error = err
            del batch


class Writers:
    """Writes chunks to their files in several threads; a context that ends with them."""

    def __init__(self, target: Target) -> None:
        count = max(1, min(4, os.cpu_count() or 1))
        self._workers = [_Worker(target.beside(number)) for number in range(count)]

    def __enter__(self) -> Writers:
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.end()

    def write(self, entry: Entry, index: int, data: bytes) -> None:
        """Have one chunk written; raises what an earlier write raised."""
        above = to_bytes(entry.path).rpartition(b"/")[0]
        self._workers[crc32(above) % len(self._workers)].give(entry, index, data)

    def finish(self) -> int:
        """Wait until all is written; returns how many files are whole."""
        workers = self._workers
        for worker in workers:
            worker.hand_over()
        self.__exit__()
        for worker in workers:
            if worker.error is not None:
                raise worker.error
        return sum(worker.files for worker in workers)
