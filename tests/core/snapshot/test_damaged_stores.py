"""Bits flip, packs are cut short or go: told with the files it hurts; the rest stays whole."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig import paths
from outrig.errors import NotFoundError, StoreError
from outrig.snapshot.check import check_store
from outrig.testing.directories import write_files
from outrig.testing.stores import Library, MemoryStore, fail_at

if TYPE_CHECKING:
    from collections.abc import Callable

_RANDOM = random.Random(7)
_FILES = {f"part-{n}/data.bin": _RANDOM.randbytes(400_000) for n in range(10)}


@pytest.fixture
def whole(library: Library) -> Library:
    """A project of 4 MB that cannot be compressed, in one pack."""
    write_files(library.root, _FILES)
    library.create(name="v1")
    return library


def _keys(store: MemoryStore, prefix: str) -> list[str]:
    return [key for key in store.objects if key.startswith(prefix)]


def _change(store: MemoryStore, key: str, change: Callable[[bytes], bytes]) -> None:
    data, modified_s = store.objects[key]
    store.objects[key] = (change(data), modified_s)


def _flip(position: float) -> Callable[[bytes], bytes]:
    def flip(data: bytes) -> bytes:
        at = int(len(data) * position)
        return data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]

    return flip


def _hurt(library: Library) -> set[str | None]:
    return {one.path for one in check_store(library.store, library.context).damages}


@pytest.mark.parametrize("position", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999, 0.9999])
def test_every_flipped_bit_of_a_pack_is_found(
    whole: Library, store: MemoryStore, position: float
) -> None:
    (key,) = _keys(store, "packs/")
    assert whole.damages() == []
    _change(store, key, _flip(position))
    assert any(key in damage for damage in whole.damages())


def test_every_flipped_bit_of_a_label_is_found(whole: Library, store: MemoryStore) -> None:
    (key,) = _keys(store, "snapshots/")
    data = store.objects[key][0]
    for at in range(0, len(data) - 1, 7):
        _change(store, key, _flip(at / len(data)))
        assert whole.damages() != [], f"byte {at}"
        store.objects[key] = (data, 0.0)
    assert whole.damages() == []


def test_a_flipped_bit_names_the_files_it_hurts(
    whole: Library, store: MemoryStore, tmp_path: Path
) -> None:
    (key,) = _keys(store, "packs/")
    _change(store, key, _flip(0.5))
    hurt = {path for path in _hurt(whole) if path}
    assert 1 <= len(hurt) <= 3  # a block holds two or three of these files
    with pytest.raises(StoreError) as caught:
        whole.restored(_first(whole), tmp_path / "back")
    assert all(path in str(caught.value) for path in hurt)
    assert not (tmp_path / "back").exists()


def _first(library: Library) -> str:
    (key,) = (one.key for one in library.store.list("snapshots/"))
    return key.partition("/")[2]


@pytest.mark.parametrize("kept", [0, 10, 0.5, -1])
def test_a_pack_cut_short_is_told(whole: Library, store: MemoryStore, kept: float) -> None:
    (key,) = _keys(store, "packs/")
    size = len(store.objects[key][0])
    length = int(size * kept) if 0 < kept < 1 else int(kept) % (size if kept < 0 else size + 1)
    _change(store, key, lambda data: data[:length])
    assert any(key in damage for damage in whole.damages())


def test_a_missing_pack_is_told_and_a_create_heals_it(
    whole: Library, store: MemoryStore, tmp_path: Path
) -> None:
    (key,) = _keys(store, "packs/")
    del store.objects[key]
    assert any("list of files" in damage for damage in whole.damages())
    with pytest.raises(StoreError, match="missing or damaged"):
        whole.reader(_first(whole)).entries()
    healed = whole.create(name="v2")
    assert healed.new_chunks > 10
    assert whole.damages() == []
    assert len(whole.restored(_first_named(whole, "v1"), tmp_path / "back")) == 20


def _first_named(library: Library, name: str) -> str:
    from outrig.model.snapshot import SnapshotQuery

    (info,) = library.store.list_snapshots(SnapshotQuery(name=name), library.context)
    return info.id


def test_files_in_whole_packs_survive_a_lost_one(
    whole: Library, store: MemoryStore, tmp_path: Path
) -> None:
    (first,) = _keys(store, "packs/")
    write_files(whole.root, {"late.txt": "late"})
    whole.create(name="v2")
    _change(store, first, _flip(0.3))
    reader = whole.reader(_first_named(whole, "v2"))
    (late,) = (entry for entry in reader.entries() if entry.path == "late.txt")
    assert dict(reader.read(late.chunks)) == {late.chunks[0]: b"late"}


def test_a_chunk_that_is_in_two_packs_is_read_from_the_whole_one(
    whole: Library, store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two writers at once may both have written it."""
    (first,) = _keys(store, "packs/")
    saved = dict(store.objects)
    store.objects.clear()
    monkeypatch.setenv("OUTRIG_HOME", str(tmp_path / "other-computer"))
    whole.create(name="v2")
    store.objects |= saved
    for position in (0.2, 0.5, 0.8):
        _change(store, first, _flip(position))
    back = whole.restored(_first_named(whole, "v1"), tmp_path / "back")
    assert back[b"part-3/data.bin"].content == _FILES["part-3/data.bin"]


@pytest.mark.parametrize("damage", [b"", b"garbage" * 1000])
def test_a_damaged_index_is_made_anew(whole: Library, tmp_path: Path, damage: bytes) -> None:
    (index,) = (one for one in Path(paths.cache_dir(), "stores").iterdir() if one.suffix == ".db")
    for one in index.parent.iterdir():
        one.unlink()
    index.write_bytes(damage)
    assert whole.names() == ["v1"]
    assert len(whole.restored(_first(whole), tmp_path / "back")) == 20
    if damage:
        assert any("made anew" in note for _, _, note in whole.context.notes)


def test_an_index_damaged_in_the_middle_heals_by_the_next_command(whole: Library) -> None:
    (index,) = (one for one in Path(paths.cache_dir(), "stores").iterdir() if one.suffix == ".db")
    data = bytearray(index.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    index.write_bytes(data)
    with contextlib.suppress(StoreError):
        whole.names()
    assert whole.names() == ["v1"]


def test_what_is_not_there_is_not_found(library: Library) -> None:
    for missing in ("0" * 26, "0" * 64, "nonsense"):
        with pytest.raises(NotFoundError, match="there is no snapshot"):
            library.reader(missing).entries()
    with pytest.raises(NotFoundError):
        check_store(library.store, library.context, ids=["0" * 26])


@pytest.mark.parametrize("method", ["put", "get", "list"])
def test_a_store_that_fails_at_any_call_shows_nothing_half(
    library: Library, store: MemoryStore, method: str
) -> None:
    write_files(library.root, _FILES)
    library.create(name="before")
    (library.root / "part-0/data.bin").write_bytes(_RANDOM.randbytes(30 << 20))
    for number in range(12):
        fail_at(store, method, number)
        failed = ""
        try:
            library.create(name=f"during-{number}")
        except StoreError as err:
            failed = str(err)
        store.fails = lambda _method, _key: None
        assert (f"during-{number}" in library.names()) is not ("the store is gone" in failed)
        assert library.damages() == []
        if not failed:
            return
    pytest.fail(f"{method} was called more than a dozen times")
