"""More content than is compressed at once, and names that begin with a dot."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from outrig.snapshot.pack import PREFIX
from outrig.snapshot.restore import restore
from outrig.snapshot.writer import BLOCK_TARGET, BYTES_AHEAD, PACK_TARGET
from outrig.testing.directories import write_files
from outrig.testing.stores import picture

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.stores import Library, MemoryStore


def test_more_than_is_held_at_once_comes_back_in_packs_of_bounded_size(
    library: Library, store: MemoryStore, tmp_path: Path
) -> None:
    chance = random.Random(7)
    sizes = [*[BLOCK_TARGET // 3] * 40, *[BLOCK_TARGET] * 8, BYTES_AHEAD + 1, 0, 1]
    write_files(
        library.root,
        {f"d{number % 3}/f{number}": chance.randbytes(size) for number, size in enumerate(sizes)},
    )
    stored = library.create()
    assert stored.new_bytes >= sum(sizes)
    packs = [one.size_bytes for one in store.list(PREFIX)]
    assert len(packs) >= 2
    assert max(packs) < 2 * PACK_TARGET
    restore(library.reader(stored.info), tmp_path / "back", library.context)
    assert picture(tmp_path / "back") == picture(library.root)
    assert library.damages() == []


def test_only_names_with_a_dot_that_are_ours_or_gits_are_left_out(library: Library) -> None:
    working = ".outrig-restore-01ARZ3NDEKTSV4RRFFQ69G5FAV"
    users = (".env", ".gitkeep", ".outrig-restore-", ".outrigger/a", "a/.outrig-notes", "...")
    ours = (".outrig/x", ".git/x", "a/.git/x", "a/.outrig/x", f"{working}/x")
    write_files(library.root, dict.fromkeys((*users, *ours), "x"))
    entries = library.reader(library.create().info).entries()
    assert {one.path for one in entries if one.size_bytes} == set(users)
