"""The part of a store's contract that is about what goes wrong."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from outrig.errors import AuthError, OutrigError, StoreError
from outrig.snapshot import pack, writer
from outrig.snapshot.copying import CopyReader
from outrig.snapshot.prune import prune_store
from outrig.testing.directories import write_files
from outrig.testing.faults import Crash, FaultyStore, MemoryStore
from outrig.testing.library import FILES, Library, picture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrig.interfaces import ObjectStore

_CHANGES = ("put", "delete")
_SMALLEST_LABEL = 300


def _dies_at(method: str, number: int) -> Callable[[str, str], None]:
    """Return what ends everything at the `number`-th call (from 0) of a method."""
    seen = 0

    def dies(called: str, key: str) -> None:
        nonlocal seen
        if called == method:
            seen += 1
            if seen > number:
                raise Crash(f"{method} {key}")

    return dies


def _refuses(error: OutrigError, *methods: str) -> Callable[[str, str], None]:
    """Return what lets calls of some methods fail, of all when none is named."""

    def refuses(called: str, _key: str) -> None:
        if not methods or called in methods:
            raise error

    return refuses


class StoreFaultContract:
    """Crashes, torn writes, late listings, refusals, damage, several writers."""

    @pytest.fixture
    def faulty(self, store: ObjectStore, tmp_path: Path) -> Library:
        """Give a store that breaks when told to a project that makes several packs."""
        return Library(FaultyStore(store), write_files(tmp_path / "faulty", FILES))

    @pytest.fixture
    def small_packs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Close packs early, so that little content makes several."""
        monkeypatch.setattr(writer, "BLOCK_TARGET", 1 << 12)
        monkeypatch.setattr(writer, "PACK_TARGET", 1 << 20)

    @pytest.mark.usefixtures("small_packs")
    @pytest.mark.parametrize("when", ["before", "after"])
    def test_a_crash_at_any_write_of_a_create_shows_nothing(
        self, faulty: Library, when: str, tmp_path: Path
    ) -> None:
        """What was visible stays, nothing half is shown, and the next create needs less."""
        store = faulty.store
        assert isinstance(store, FaultyStore)
        first = faulty.create(name="first")
        number = -1
        for number in range(50):
            (faulty.root / "data/large.bin").write_bytes(b"%d" % number + _noise(number))
            (faulty.root / f"small-{number}").write_text(f"{number}")
            setattr(store, when, _dies_at("put", number))
            try:
                faulty.create(name=f"crash-{number}")
            except Crash:
                store.before = store.after = lambda _method, _key: None
            else:
                break
            shown = faulty.names()
            assert shown[-1] == "first"
            assert f"crash-{number}" not in shown or when == "after"
            assert faulty.damages() == []
            faulty.create(name=f"again-{number}")
        store.before = store.after = lambda _method, _key: None
        assert number >= 2, "there were several writes to crash at"
        assert faulty.damages() == []
        assert len(faulty.restored(first.info, tmp_path / "back")) == 6

    @pytest.mark.usefixtures("small_packs")
    def test_a_torn_write_hurts_nothing_but_itself(self, faulty: Library, tmp_path: Path) -> None:
        """A store that was promised to write whole, and did not."""
        store = faulty.store
        assert isinstance(store, FaultyStore)
        for prefix in (pack.PREFIX, "snapshots/"):
            (faulty.root / "data/large.bin").write_bytes(prefix.encode() + _noise(len(prefix)))
            store.torn = lambda key, size, prefix=prefix: (  # type: ignore[misc]
                size // 2 if key.startswith(prefix) else size
            )
            with pytest.raises(Crash):
                faulty.create(name="torn")
            store.torn = lambda _key, size: size
            made = faulty.create(name=f"after {prefix}")
            assert "torn" not in faulty.names()
            back = faulty.restored(made.info, tmp_path / f"back-{len(prefix)}")
            assert back == picture(faulty.root)
        assert any("pack" in one for one in faulty.damages())
        assert any("label" in one for one in faulty.damages())
        assert sorted(faulty.names()) == ["after packs/", "after snapshots/"]
        with pytest.raises(StoreError, match="nothing more is pruned"):
            prune_store(store, faulty.context, grace_s=0)
        torn = [one.key for one in store.list("snapshots/") if one.size_bytes < _SMALLEST_LABEL]
        store.delete(torn)
        prune_store(store, faulty.context, grace_s=0)
        assert faulty.damages() == []

    def test_new_objects_may_be_listed_late(self, faulty: Library, tmp_path: Path) -> None:
        """Then snapshots are seen late; nothing is lost by it, by a prune neither."""
        store = faulty.store
        assert isinstance(store, FaultyStore)
        store.lists_late = True
        first = faulty.create(name="first")
        prune_store(store, faulty.context)
        (faulty.root / "train.py").write_text("print('second')\n")
        second = faulty.create(name="second")
        prune_store(store, faulty.context)
        store.unlisted.clear()
        assert faulty.names() == ["second", "first"]
        assert faulty.damages() == []
        assert faulty.restored(second.info, tmp_path / "two") == picture(faulty.root)
        assert len(faulty.restored(first.info, tmp_path / "one")) == len(picture(faulty.root))

    def test_a_store_that_may_only_be_read_can_be_read(
        self, faulty: Library, tmp_path: Path
    ) -> None:
        """Listing, restoring and checking write nothing; creating says why it cannot."""
        store = faulty.store
        assert isinstance(store, FaultyStore)
        made = faulty.create(name="v1")
        store.before = _refuses(StoreError("this store may only be read"), *_CHANGES)
        assert faulty.names() == ["v1"]
        assert faulty.restored(made.info, tmp_path / "back") == picture(faulty.root)
        assert faulty.damages() == []
        (faulty.root / "new").write_text("new")
        with pytest.raises(StoreError, match="may only be read"):
            faulty.create(name="v2")
        with pytest.raises(StoreError, match="may only be read"):
            store.delete_snapshots((made.info.id,), faulty.context)
        assert faulty.names() == ["v1"]

    def test_credentials_that_run_out_leave_what_is_there(self, faulty: Library) -> None:
        """In the middle of a create, then for everything; with new ones it goes on."""
        store = faulty.store
        assert isinstance(store, FaultyStore)
        faulty.create(name="v1")
        (faulty.root / "new").write_text("new")
        refused = AuthError("the token has expired", hint="log in again")
        store.before = _refuses(refused, "put")
        with pytest.raises(AuthError, match="expired"):
            faulty.create(name="v2")
        store.before = _refuses(refused)
        with pytest.raises(AuthError, match="expired"):
            faulty.names()
        store.before = lambda _method, _key: None
        assert faulty.create(name="v2").new_chunks > 0
        assert faulty.names() == ["v2", "v1"]
        assert faulty.damages() == []

    def test_a_store_that_is_busy_for_too_long_is_an_error_and_no_more(
        self, faulty: Library, tmp_path: Path
    ) -> None:
        """Calls fail for good now and then: commands fail, and succeed when they are repeated."""
        store = faulty.store
        assert isinstance(store, FaultyStore)
        chance = random.Random(5)

        def throttles(_method: str, _key: str) -> None:
            if chance.random() < 0.15:
                raise StoreError("slow down")

        store.before = throttles
        made = None
        for _ in range(100):
            with suppress(StoreError):
                made = faulty.create(name="v1")
                break
        store.before = lambda _method, _key: None
        assert made is not None
        assert set(faulty.names()) == {"v1"}
        assert faulty.restored(made.info, tmp_path / "back") == picture(faulty.root)
        assert faulty.damages() == []

    def test_one_wrong_bit_is_found_and_named(self, faulty: Library, tmp_path: Path) -> None:
        """A check names the file; the others can be restored; nothing wrong is ever handed out."""
        made = faulty.create(name="v1")
        (largest,) = sorted(
            faulty.store.list(pack.PREFIX), key=lambda one: one.size_bytes, reverse=True
        )[:1]
        data = bytearray(faulty.store.get(largest.key))
        data[len(data) // 2] ^= 4
        faulty.store.put(largest.key, bytes(data), if_absent=False)
        assert any("pack" in one for one in faulty.damages())
        with pytest.raises(StoreError, match=r"large\.bin"):
            faulty.restored(made.info, tmp_path / "back")
        wrong = [path for path in (tmp_path / "back").rglob("large.bin") if path.is_file()]
        assert wrong == []

    def test_writers_and_a_prune_at_once_lose_nothing(
        self, store: ObjectStore, tmp_path: Path
    ) -> None:
        """Creates in several threads, while snapshots are deleted and the store is pruned."""
        library = Library(store, write_files(tmp_path / "base", FILES))
        doomed = library.create(name="doomed")
        trees = [
            write_files(tmp_path / f"tree-{n}", {**FILES, "own": str(n) * 1000}) for n in range(3)
        ]
        with ThreadPoolExecutor(4) as pool:
            makes = [pool.submit(library.create, tree, name=tree.name) for tree in trees]
            store.delete_snapshots((doomed.info.id,), library.context)
            for _ in range(3):
                prune_store(store, library.context)
            made = [one.result() for one in makes]
        assert sorted(library.names()) == [tree.name for tree in trees]
        assert library.damages() == []
        for stored, tree in zip(made, trees, strict=True):
            assert library.restored(stored.info, tmp_path / f"b-{tree.name}") == picture(tree)

    def test_a_copy_in_another_store_is_the_same_snapshot(
        self, faulty: Library, tmp_path: Path
    ) -> None:
        """There and back: id and digest stay, and only what lacks is sent."""
        made = faulty.create(name="v1")
        other = Library(MemoryStore("memory://other"), faulty.root)
        there = other.store.store_snapshot(
            CopyReader(faulty.reader(made.info), other.context, None), other.context
        )
        assert (there.info.id, there.info.digest) == (made.info.id, made.info.digest)
        (faulty.root / "train.py").write_text("print('changed')\n")
        second = faulty.create(name="v2")
        sent = other.store.store_snapshot(
            CopyReader(faulty.reader(second.info), other.context, None), other.context
        )
        assert 0 < sent.new_bytes < 10_000
        assert faulty.store.delete_snapshots((made.info.id,), faulty.context).deleted
        faulty.store.store_snapshot(
            CopyReader(other.reader(made.info), faulty.context, None), faulty.context
        )
        assert faulty.names() == other.names() == ["v2", "v1"]
        assert faulty.restored(second.info, tmp_path / "back") == picture(faulty.root)
        assert faulty.damages() == other.damages() == []


def _noise(seed: int) -> bytes:
    return random.Random(seed).randbytes(2 << 20)
