"""The store on disk keeps to the contract of stores, and to what a disk can do to it."""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING

import pytest

from outrig.errors import ConfigError, StoreError
from outrig.testing.stores import StoreContract
from outrig_stores.file import FileStore, FileStoreSettings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(f"file://{tmp_path}/store", FileStoreSettings(fsync=False))


class TestFileStore(StoreContract):
    """The contract."""

    @pytest.fixture
    def store(self, store: FileStore) -> FileStore:
        return store


def test_objects_are_private_and_nothing_is_left_aside(store: FileStore) -> None:
    store.put("packs/aa/x", b"data", if_absent=True)
    assert stat.S_IMODE((store.root / "packs").stat().st_mode) == 0o700
    assert stat.S_IMODE((store.root / "packs/aa/x").stat().st_mode) == 0o600
    assert list((store.root / ".writing").iterdir()) == []


@pytest.mark.parametrize(
    "key",
    ["../x", "/etc/passwd", "a/../../x", "", "a//b", ".hidden", "a/.x/b", "a\0b", "a\n"],
)
def test_keys_cannot_leave_the_store(store: FileStore, key: str) -> None:
    for call in (
        lambda: store.put(key, b"x", if_absent=False),
        lambda: store.get(key),
        lambda: store.delete([key]),
    ):
        with pytest.raises(StoreError, match="cannot be the key"):
            call()


@pytest.mark.parametrize("url", ["file://", "file://relative/path", "file://a\0b"])
def test_a_url_that_names_no_directory_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="names no directory"):
        FileStore(url, FileStoreSettings())


def test_what_killed_writers_left_goes_after_a_day(store: FileStore) -> None:
    aside = store.root / ".writing"
    aside.mkdir(parents=True)
    old, young = aside / "tmpold", aside / "tmpyoung"
    for file in (old, young):
        file.write_bytes(b"half")
    day_ago = time.time() - 25 * 3600
    os.utime(old, (day_ago, day_ago))
    store.put("packs/x", b"data", if_absent=True)
    assert not old.exists()
    assert young.exists()


def test_a_store_in_the_way_of_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    store = FileStore(f"file://{tmp_path}/store", FileStoreSettings())
    with pytest.raises(StoreError) as caught:
        store.put("packs/x", b"data", if_absent=True)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("cannot write packs/x in file://")


def test_links_in_the_store_are_not_objects(store: FileStore, tmp_path: Path) -> None:
    store.put("packs/x", b"data", if_absent=True)
    (tmp_path / "outside").write_text("secret")
    (store.root / "packs/link").symlink_to(tmp_path / "outside")
    assert [one.key for one in store.list("")] == ["packs/x"]
