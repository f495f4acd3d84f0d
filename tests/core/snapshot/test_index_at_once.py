"""Many open a new index at once: none is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

from outrig.snapshot.index import Index

if TYPE_CHECKING:
    from pathlib import Path

_WRITERS = 6


def test_a_new_index_is_opened_by_several_at_once(tmp_path: Path) -> None:
    """Without waiting, about one in twenty of these rounds said that the database is locked."""
    for number in range(30):
        start = Barrier(_WRITERS)

        def open_one(file: Path = tmp_path / f"{number}.db", start: Barrier = start) -> int:
            start.wait()
            index = Index(file)
            try:
                return len(index.packs())
            finally:
                index.close()

        with ThreadPoolExecutor(_WRITERS) as pool:
            opened = [pool.submit(open_one) for _ in range(_WRITERS)]
            assert [one.result() for one in opened] == [0] * _WRITERS
