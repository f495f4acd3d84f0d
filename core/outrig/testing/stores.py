"""What a snapshot store has to keep to: subclass `StoreContract` and give it one fixture.

    class TestAcmeStore(StoreContract):
        @pytest.fixture
        def store(self):
            return AcmeStore("acme://bucket/prefix", AcmeSettings())

The store is empty at the start of each test. `MemoryStore` lives in this process; `FaultyStore`
breaks calls of any other.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from outrig.errors import Interrupted, NotFoundError
from outrig.snapshot.check import check_store
from outrig.snapshot.prune import prune_store
from outrig.testing.directories import write_files
from outrig.testing.faults import Crash, FaultyStore, MemoryStore, fail_at
from outrig.testing.library import FILES, PROJECT, Library, Seen, picture
from outrig.testing.memory import MemoryContext
from outrig.testing.store_faults import StoreFaultContract

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.interfaces import ObjectStore

__all__ = [
    "FILES",
    "PROJECT",
    "Crash",
    "FaultyStore",
    "Library",
    "MemoryStore",
    "Seen",
    "StoreContract",
    "fail_at",
    "picture",
]


class StoreContract(StoreFaultContract):
    """The whole promise of a store. Keys, then snapshots, then what happens when calls fail."""

    @pytest.fixture
    def library(self, store: ObjectStore, tmp_path: Path) -> Library:
        """Give the store a small project."""
        root = tmp_path / "tree"
        return Library(store, write_files(root, FILES))

    def test_an_object_comes_back_whole_and_in_parts(self, store: ObjectStore) -> None:
        """What was put is what is got."""
        data = bytes(range(256)) * 100
        assert store.put("packs/aa/one", data, if_absent=True)
        assert store.get("packs/aa/one") == data
        assert store.get("packs/aa/one", 10, 20) == data[10:30]
        assert store.get("packs/aa/one", len(data) - 5) == data[-5:]
        assert store.get("packs/aa/one", len(data) - 5, 50) == data[-5:]
        assert store.get("packs/aa/one", 0, 0) == b""

    def test_a_memoryview_and_nothing_at_all_can_be_put(self, store: ObjectStore) -> None:
        """Large objects are handed over without a copy."""
        store.put("packs/view", memoryview(bytearray(b"0123456789"))[2:5], if_absent=True)
        store.put("packs/empty", b"", if_absent=True)
        assert store.get("packs/view") == b"234"
        assert store.get("packs/empty") == b""

    def test_a_taken_key_stays_as_it_is_when_asked_to(self, store: ObjectStore) -> None:
        """Two writers of one key: the first stays."""
        assert store.put("snapshots/a", b"first", if_absent=True)
        assert not store.put("snapshots/a", b"second", if_absent=True)
        assert store.get("snapshots/a") == b"first"
        assert store.put("snapshots/a", b"third", if_absent=False)
        assert store.get("snapshots/a") == b"third"

    def test_of_many_writers_of_one_key_one_wins(self, store: ObjectStore) -> None:
        """`if_absent` holds between threads."""
        with ThreadPoolExecutor(8) as pool:
            wins = list(
                pool.map(lambda n: store.put("snapshots/x", b"%d" % n, if_absent=True), range(16))
            )
        assert wins.count(True) == 1
        assert store.get("snapshots/x") == b"%d" % wins.index(True)

    def test_what_is_not_there_is_not_found(self, store: ObjectStore) -> None:
        """A missing object is told apart from a broken store."""
        with pytest.raises(NotFoundError):
            store.get("packs/none")
        assert list(store.list("packs/")) == []

    def test_listing_is_by_prefix_with_sizes(self, store: ObjectStore) -> None:
        """Keys come back as they were put."""
        for key in ("packs/aa/one", "packs/ab/two", "packs-not", "snapshots/x"):
            store.put(key, key.encode(), if_absent=True)
        assert {(one.key, one.size_bytes) for one in store.list("packs/")} == {
            ("packs/aa/one", 12),
            ("packs/ab/two", 12),
        }
        assert {one.key for one in store.list("packs/a")} == {"packs/aa/one", "packs/ab/two"}
        assert {one.key for one in store.list("packs")} == {
            "packs/aa/one",
            "packs/ab/two",
            "packs-not",
        }
        assert len(list(store.list(""))) == 4

    def test_deleting_is_idempotent(self, store: ObjectStore) -> None:
        """A missing object counts as deleted."""
        store.put("doomed/a", b"x", if_absent=True)
        store.delete(["doomed/a", "doomed/never-there"])
        store.delete(["doomed/a"])
        assert list(store.list("doomed/")) == []
        assert store.put("doomed/a", b"y", if_absent=True)

    def test_a_project_comes_back_as_it_was(self, library: Library, tmp_path: Path) -> None:
        """Create, list, restore."""
        stored = library.create(name="v1")
        assert library.names() == ["v1"]
        assert library.restored(stored.info, tmp_path / "back") == picture(library.root)
        assert library.damages() == []

    def test_nothing_is_stored_twice(self, library: Library) -> None:
        """An unchanged project costs a label; a changed file costs itself."""
        first = library.create()
        again = library.create()
        assert (again.new_chunks, again.new_bytes) == (0, 0)
        assert again.info.digest == first.info.digest
        (library.root / "train.py").write_text("print('changed')\n")
        changed = library.create()
        assert 0 < changed.new_bytes < 10_000

    def test_two_creates_at_once_are_both_whole(self, library: Library, tmp_path: Path) -> None:
        """They share chunks and do not know of each other."""
        others = [
            write_files(tmp_path / f"tree-{number}", {**FILES, "own": str(number)})
            for number in range(3)
        ]
        with ThreadPoolExecutor(3) as pool:
            made = list(pool.map(library.create, others))
        assert len(library.names()) == 3
        for number, stored in enumerate(made):
            back = library.restored(stored.info, tmp_path / f"back-{number}")
            assert back == picture(others[number])
        assert library.damages() == []

    def test_deleted_snapshots_are_gone_and_others_stay(
        self, library: Library, tmp_path: Path
    ) -> None:
        """Deleting drops a reference only; pruning frees what nothing uses."""
        first = library.create(name="first")
        (library.root / "data/large.bin").unlink()
        second = library.create(name="second")
        report = library.store.delete_snapshots((first.info.id, "0" * 26), library.context)
        assert (report.deleted, report.missing) == ((first.info.id,), ("0" * 26,))
        assert library.names() == ["second"]
        before = sum(one.size_bytes for one in library.store.list(""))
        prune_store(library.store, library.context, grace_s=0)
        assert sum(one.size_bytes for one in library.store.list("")) < before
        assert library.restored(second.info, tmp_path / "back") == picture(library.root)
        assert library.damages() == []

    def test_a_create_that_is_interrupted_shows_nothing(self, library: Library) -> None:
        """Ctrl-C leaves the store consistent."""
        with pytest.raises(Interrupted):
            library.create(context=MemoryContext(cancelled=Interrupted()))
        assert library.names() == []
        assert library.damages() == []
        assert library.create().info.file_count == len(FILES)

    def test_a_lost_index_is_made_anew(
        self, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another computer, or an emptied cache directory."""
        stored = library.create(name="v1")
        monkeypatch.setenv("OUTRIG_HOME", str(tmp_path / "elsewhere"))
        assert library.names() == ["v1"]
        assert library.create(name="v2").new_chunks == 0
        assert library.restored(stored.info, tmp_path / "back") == picture(library.root)

    def test_what_is_foreign_in_the_store_is_left_alone(self, library: Library) -> None:
        """Somebody else's objects disturb nothing and are told by a check."""
        library.create(name="v1")
        library.store.put("packs/README", b"not a pack", if_absent=True)
        library.store.put("snapshots/notes.txt", b"not a label", if_absent=True)
        library.create(name="v2")
        prune_store(library.store, library.context, grace_s=0)
        report = check_store(library.store, library.context)
        assert library.names() == ["v2", "v1"]
        assert report.foreign == ("packs/README", "snapshots/notes.txt")
        assert report.damages == ()
