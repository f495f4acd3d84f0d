"""The files of folders, on this computer and elsewhere."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from outrig.api import Cancel
from outrig.errors import ConfigError, NotFoundError, OutrigError, StoreError, UsageError
from outrig_backendai.folders.fsspec_storage import FsspecStorage
from outrig_backendai.folders.local_storage import LocalStorage
from outrig_backendai.folders.storage import inside
from outrig_backendai.folders.transfer import Transfer, get_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrig_backendai.folders.storage import Storage


@pytest.fixture(params=["local", "fsspec", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """Each kind of place."""
    urls = {"fsspec": f"local://{tmp_path}/folder", "memory": f"memory://bai/{tmp_path.name}"}
    url = urls.get(request.param)
    made = LocalStorage(tmp_path / "folder") if url is None else FsspecStorage(url)
    made.make()
    yield made
    made.destroy()


def paths(storage: Storage) -> set[str]:
    """Return the paths of all files."""
    return {one.path for one in storage.walk() if not one.is_directory}


@pytest.mark.parametrize("path", ["/etc/passwd", "..", "a/../../b", "a/..", "a\0b", "../a"])
def test_a_path_that_leads_out_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="leads out of the folder"):
        inside(path)
    assert inside("./a//b/") == "a/b"


def test_files_are_what_was_written(storage: Storage) -> None:
    odd = "deep/er/ö' \"x"
    storage.write(odd, [b"one ", b"two"])
    storage.write("empty", [])
    assert b"".join(storage.read(odd)) == b"one two"
    assert b"".join(storage.read(odd, offset=4)) == b"two"
    assert list(storage.read(odd, piece_bytes=4)) == [b"one ", b"two"]
    assert paths(storage) == {odd, "empty"}
    assert [one.name for one in storage.children("deep")] == ["er"]
    assert storage.existing(odd).size_bytes == 7
    storage.write(odd, [b"new"])
    assert b"".join(storage.read(odd)) == b"new"


def test_files_move_and_go(storage: Storage) -> None:
    for path in ("a/one", "a/two", "b"):
        storage.write(path, [path.encode()])
    storage.move("b", "a/three")
    storage.move("a", "c")
    assert paths(storage) == {"c/one", "c/two", "c/three"}
    storage.remove("c/one")
    storage.remove("c")
    assert paths(storage) == set()
    with pytest.raises(NotFoundError):
        storage.remove("c")
    with pytest.raises(NotFoundError):
        list(storage.read("c/one"))


def test_a_file_comes_whole_or_not_at_all(storage: Storage) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * 100
        raise StoreError("cut")

    storage.write("a", [b"old"])
    for path in ("a", "b"):
        with pytest.raises(StoreError, match="cut"):
            storage.write(path, broken())
    assert b"".join(storage.read("a")) == b"old"
    assert paths(storage) == {"a"}


class Breaking(LocalStorage):
    """A folder whose store fails after every piece that it gives."""

    def read(self, path: str, offset: int = 0, piece_bytes: int = 4 << 20) -> Iterator[bytes]:
        """Give one piece."""
        for piece in super().read(path, offset, piece_bytes):
            yield piece
            raise StoreError("the connection was cut")


def test_a_download_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    storage = Breaking(tmp_path / "folder")
    storage.make()
    content = bytes(range(100))
    storage.write("a", [content])
    transfer = Transfer(cancel=Cancel(), piece_bytes=30, retries=4)
    get_files(storage, storage.existing("a"), tmp_path / "got", transfer)
    assert ((tmp_path / "got").read_bytes(), transfer.size_bytes) == (content, 100)
    few = Transfer(cancel=Cancel(), piece_bytes=30, retries=2)
    with pytest.raises(StoreError, match="was cut"):
        get_files(storage, storage.existing("a"), tmp_path / "less/a", few)
    assert list((tmp_path / "less").iterdir()) == []


def test_links_lead_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/key").write_text("mine")
    root = tmp_path / "folder"
    storage = LocalStorage(root)
    storage.make()
    storage.write("real/file", [b"1"])
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "file").symlink_to(tmp_path / "secret/key")
    (root / "in").symlink_to("real")
    assert b"".join(storage.read("in/file")) == b"1"
    for act in (
        lambda: list(storage.read("out/key")),
        lambda: list(storage.read("file")),
        lambda: list(storage.children("out")),
        lambda: storage.write("out/new", [b"x"]),
        lambda: storage.make_directory("out/new"),
        lambda: storage.move("real/file", "out/key"),
        lambda: storage.remove("out/key"),
    ):
        with pytest.raises(UsageError, match="leads out of the folder over a link"):
            act()
    storage.remove("out")
    assert [one.name for one in (tmp_path / "secret").iterdir()] == ["key"]
    assert paths(storage) == {"file", "in", "real/file"}


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "folder")
    storage.make()
    os.mkfifo(tmp_path / "folder/pipe")
    with pytest.raises(UsageError, match="is no file"):
        list(storage.read("pipe"))
    with pytest.raises(OutrigError):
        list(storage.read(""))
    assert stat.S_ISFIFO(storage.existing("pipe").mode)


def test_what_a_kill_left_is_not_seen_and_goes(tmp_path: Path) -> None:
    root = tmp_path / "folder"
    storage = LocalStorage(root)
    storage.make()
    left = root / ".outrig-arriving-1234"
    left.write_text("half")
    assert paths(storage) == set()
    os.utime(left, (0, 0))
    storage.write("a", [b"1"])
    assert [one.name for one in root.iterdir()] == ["a"]


def test_a_store_that_cannot_be_opened_says_so() -> None:
    with pytest.raises(ConfigError, match="cannot be opened"):
        FsspecStorage("nosuch://place/x").make()
    with pytest.raises(ConfigError, match="cannot be opened"):
        FsspecStorage("memory://place", "[").look("a")
    assert FsspecStorage("memory://nowhere/x").look("") is not None


def test_a_file_elsewhere_has_an_address() -> None:
    storage = FsspecStorage("memory://addresses/x")
    assert storage.address("a b") == "memory://addresses/x/a b"
