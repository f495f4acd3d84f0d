"""A copy between stores holds a few packs and runs at once, whatever the sizes of the files."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING

from outrig.snapshot.copying import CopyReader
from outrig.snapshot.pack import PREFIX
from outrig.testing.directories import write_files
from outrig.testing.library import Library
from outrig_stores.file import FileStore, FileStoreSettings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

_MIB = 1 << 20
_READ_AHEAD = 64 * _MIB
"""Six calls and what waits to be taken: runs of 4 MiB, a queue, batches."""
_LARGEST_PACK = 32 * _MIB


class _Counted(FileStore):
    """A store worth six calls at once, as networks are, that counts what is under way."""

    parallel = 6

    def __init__(self, url: str) -> None:
        super().__init__(url, FileStoreSettings(fsync=False))
        self.lock = threading.Lock()
        self.ahead = 0
        self.most_ahead = 0
        self.puts = 0
        self.most_puts = 0
        self.largest_put = 0
        self.largest_get = 0

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        data = super().get(key, start, length)
        if key.startswith(PREFIX):
            with self.lock:
                self.largest_get = max(self.largest_get, len(data))
                self.ahead += len(data)
                self.most_ahead = max(self.most_ahead, self.ahead)
        return data

    def put(self, key: str, data: bytes | memoryview, *, if_absent: bool) -> bool:
        with self.lock:
            self.puts += 1
            self.most_puts = max(self.most_puts, self.puts)
            self.largest_put = max(self.largest_put, len(data))
        try:
            return super().put(key, data, if_absent=if_absent)
        finally:
            with self.lock:
                self.puts -= 1


class _Taken(CopyReader):
    """A copy that tells its source what was taken of what was read."""

    counted: _Counted

    def read(self, digests: Collection[str]) -> Iterator[tuple[str, bytes]]:
        for digest, data in super().read(digests):
            with self.counted.lock:
                self.counted.ahead -= len(data)
            yield digest, data


def test_a_copy_holds_little_at_once_and_packs_of_a_fixed_size(tmp_path: Path) -> None:
    noise = random.Random(8)
    files: dict[str, str | bytes] = {"large": noise.randbytes(72 * _MIB)}
    files |= {f"few/{n}": noise.randbytes(30_000) for n in range(200)}
    source = _Counted(f"file://{tmp_path}/one")
    library = Library(source, write_files(tmp_path / "tree", files))
    info = library.create().info
    target = _Counted(f"file://{tmp_path}/two")
    source.ahead = source.most_ahead = 0
    reader = _Taken(library.reader(info), library.context, None)
    reader.counted = source
    stored = target.store_snapshot(reader, library.context)
    assert stored.info.digest == info.digest
    for store in (source, target):
        assert store.most_puts == 1, "one pack is written while the next one is filled"
        assert store.largest_put <= _LARGEST_PACK
    assert source.largest_get <= 8 * _MIB, "a pack is read in pieces"
    assert source.most_ahead <= _READ_AHEAD
    assert Library(target, library.root).damages() == []
