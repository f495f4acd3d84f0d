"""Pruning: only what nothing uses, never what a create beside it relies on."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest

from outrig.errors import StoreError
from outrig.snapshot import repository as repository_module
from outrig.snapshot.prune import GRACE_S, PruneReport, prune_store
from outrig.testing.directories import write_files
from outrig.testing.stores import Library, MemoryStore, picture

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.steady import Clock

_RANDOM = random.Random(11)
_HOUR = 3600.0


@pytest.fixture
def clock(clock: Clock, store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """One clock for the store and for us."""
    store.clock = clock
    monkeypatch.setattr(repository_module.Repository.__init__, "__defaults__", (clock,))
    return clock


def _prune(library: Library) -> PruneReport:
    return prune_store(library.store, library.context)


def _packs(library: Library) -> set[str]:
    return {one.key for one in library.store.list("packs/")}


def test_what_nothing_uses_goes_after_the_grace(library: Library, clock: Clock) -> None:
    write_files(library.root, {"old.bin": _RANDOM.randbytes(2 << 20)})
    old = library.create(name="old")
    (library.root / "old.bin").unlink()
    write_files(library.root, {"new.bin": _RANDOM.randbytes(2 << 20)})
    library.create(name="new")
    clock.sleep(_HOUR * 7)
    assert _prune(library) == PruneReport()
    library.store.delete_snapshots((old.info.id,), library.context)
    first = _prune(library)
    assert (first.deleted_packs, first.doomed_packs) == (0, 1)
    clock.sleep(GRACE_S - _HOUR)
    assert _prune(library).deleted_packs == 0
    clock.sleep(2 * _HOUR)
    second = _prune(library)
    assert second.deleted_packs == 1
    assert second.deleted_bytes > 2 << 20
    assert library.damages() == []
    assert list(library.store.list("doomed/")) == []


def test_a_young_pack_is_left_alone(library: Library, clock: Clock, store: MemoryStore) -> None:
    """It may belong to a create that is still under way."""
    write_files(library.root, {"a": _RANDOM.randbytes(1 << 20)})
    label = library.create().info
    library.store.delete_snapshots((label.id,), library.context)
    clock.sleep(_HOUR)
    assert _prune(library).doomed_packs == 0
    clock.sleep(_HOUR * 6)
    assert _prune(library).doomed_packs == 1


def test_a_doomed_pack_is_not_relied_on(library: Library, clock: Clock, tmp_path: Path) -> None:
    write_files(library.root, {"a": _RANDOM.randbytes(1 << 20)})
    label = library.create().info
    library.store.delete_snapshots((label.id,), library.context)
    clock.sleep(_HOUR * 7)
    _prune(library)
    again = library.create(name="again")
    assert again.new_bytes > 1 << 20
    clock.sleep(GRACE_S + 1)
    assert _prune(library).deleted_packs == 1
    assert library.damages() == []
    assert library.restored(again.info, tmp_path / "back") == picture(library.root)


def test_a_pack_that_is_used_after_all_is_pardoned(
    library: Library, clock: Clock, store: MemoryStore
) -> None:
    """A create that began before the prune, and ended after it, relies on what the prune doomed."""
    write_files(library.root, {"a": _RANDOM.randbytes(1 << 20)})
    label = library.create().info
    data = store.objects[f"snapshots/{label.id}"]
    library.store.delete_snapshots((label.id,), library.context)
    clock.sleep(_HOUR * 7)
    assert _prune(library).doomed_packs == 1
    store.objects[f"snapshots/{label.id}"] = data  # the slow create becomes visible now
    clock.sleep(GRACE_S + 1)
    assert _prune(library).deleted_packs == 0
    assert library.damages() == []
    assert list(store.list("doomed/")) == []


def test_a_create_that_took_too_long_looks_again(
    library: Library, clock: Clock, store: MemoryStore
) -> None:
    """Its knowledge of what is doomed would be too old to rely on."""
    write_files(library.root, {"a": _RANDOM.randbytes(1 << 20)})
    label = library.create().info
    library.store.delete_snapshots((label.id,), library.context)
    clock.sleep(_HOUR * 7)
    slow = True

    def stall(method: str, key: str) -> None:
        nonlocal slow
        if slow and method == "list" and key == "snapshots/":
            slow = False  # in the middle of the create: a prune, and then a day passes
            _prune(library)
            clock.sleep(GRACE_S + 1)
            _prune(library)

    store.fails = stall
    library.create(name="slow")
    store.fails = lambda _method, _key: None
    assert library.names() == ["slow"]
    assert library.damages() == []


def test_a_pack_little_used_is_written_anew(library: Library, clock: Clock) -> None:
    files = {f"{n}.bin": _RANDOM.randbytes(700_000) for n in range(10)}
    write_files(library.root, files)
    everything = library.create(name="everything")
    for name in list(files)[2:]:
        (library.root / name).unlink()
    library.create(name="little")
    library.store.delete_snapshots((everything.info.id,), library.context)
    clock.sleep(_HOUR * 7)
    before = _packs(library)
    report = _prune(library)
    assert report.rewritten_packs >= 1
    clock.sleep(GRACE_S + 1)
    assert _prune(library).deleted_packs == report.doomed_packs
    assert not before & _packs(library) or report.doomed_packs < len(before)
    assert sum(one.size_bytes for one in library.store.list("packs/")) < 2_000_000
    assert library.damages() == []


def test_nothing_is_pruned_while_a_list_of_files_cannot_be_read(
    library: Library, clock: Clock, store: MemoryStore
) -> None:
    write_files(library.root, {"a": "x"})
    library.create()
    clock.sleep(_HOUR * 7)
    (label,) = (one.key for one in store.list("snapshots/"))
    store.objects[label] = (b"damaged", 0.0)
    before = dict(store.objects)
    with pytest.raises(StoreError, match="nothing more is pruned"):
        _prune(library)
    assert store.objects == before


@pytest.mark.parametrize("seed", range(6))
def test_random_creates_deletes_and_prunes_lose_nothing(
    library: Library, clock: Clock, tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    kept: dict[str, object] = {}
    for step in range(25):
        action = rng.choice(["create", "create", "create", "delete", "prune"])
        if action == "create":
            for _ in range(rng.randint(1, 3)):
                name = f"{rng.randint(0, 5)}.bin"
                write_files(library.root, {name: rng.randbytes(rng.choice([10, 300_000]))})
            stored = library.create(name=str(step))
            kept[stored.info.id] = picture(library.root)
        elif action == "delete" and kept:
            gone = rng.choice(list(kept))
            del kept[gone]
            library.store.delete_snapshots((gone,), library.context)
        else:
            _prune(library)
        clock.sleep(rng.choice([60, _HOUR * 7, GRACE_S + 1]))
    assert library.damages() == [], f"seed {seed}"
    for number, (snapshot_id, seen) in enumerate(kept.items()):
        assert library.restored(snapshot_id, tmp_path / str(number)) == seen, f"seed {seed}"


def test_the_clock_of_creates_is_the_systems_by_default(library: Library) -> None:
    write_files(library.root, {"a": "x"})
    before = time.time()
    library.create()
    assert prune_store(library.store, library.context).deleted_packs == 0
    assert time.time() >= before
