"""Restoring into directories that are new, empty, in use, in the way or full."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from outrig.errors import ConflictError, Interrupted, StoreError
from outrig.snapshot.restore import restore
from outrig.testing.directories import write_files
from outrig.testing.memory import MemoryContext
from outrig.testing.stores import picture

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.snapshot.stored import StoredReader
    from outrig.testing.stores import Library


@pytest.fixture
def reader(library: Library) -> StoredReader:
    """A snapshot of a small project."""
    write_files(
        library.root,
        {"a.txt": "a", "sub/b.txt": "b", "sub/large.bin": b"x" * (9 << 20), "run": "#!/bin/sh\n"},
    )
    (library.root / "link").symlink_to("a.txt")
    return library.reader(library.create().info)


def test_a_new_directory_is_made_with_all_above_it(
    library: Library, reader: StoredReader, tmp_path: Path
) -> None:
    target = tmp_path / "new/er/target"
    report = restore(reader, target, library.context)
    assert picture(target) == picture(library.root)
    assert (report.files, report.links, report.directories, report.kept) == (4, 1, 1, 0)
    assert report.size_bytes == (9 << 20) + 2 + 10
    assert list(target.parent.iterdir()) == [target]


def test_an_empty_directory_is_filled(
    library: Library, reader: StoredReader, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    target.mkdir()
    restore(reader, target, library.context)
    assert picture(target) == picture(library.root)


def test_other_files_are_left_alone_and_right_ones_are_kept(
    library: Library, reader: StoredReader, tmp_path: Path
) -> None:
    target = write_files(tmp_path / "target", {"mine.txt": "mine", "sub/mine.txt": "too"})
    restore(reader, target, library.context)
    inode = (target / "sub/large.bin").stat().st_ino
    report = restore(reader, target, library.context)
    assert (report.files, report.links, report.kept) == (0, 0, 5)
    assert (target / "mine.txt").read_text() == "mine"
    assert (target / "sub/mine.txt").read_text() == "too"
    assert (target / "sub/large.bin").stat().st_ino == inode


@pytest.mark.parametrize("change", ["content", "size", "mode", "link", "type", "directory"])
def test_files_that_differ_are_a_conflict_unless_they_may_be_replaced(
    library: Library, reader: StoredReader, tmp_path: Path, change: str
) -> None:
    target = tmp_path / "target"
    restore(reader, target, library.context)
    file = target / "a.txt"
    if change == "content":
        file.write_text("b")
    elif change == "size":
        file.write_text("longer")
    elif change == "mode":
        file.chmod(0o755)
    elif change == "link":
        (target / "link").unlink()
        (target / "link").symlink_to("elsewhere")
    elif change == "type":
        file.unlink()
        file.symlink_to("/etc/passwd")
    else:
        (target / "sub/b.txt").unlink()
        (target / "sub/large.bin").unlink()
        (target / "sub").rmdir()
        (target / "sub").write_text("a file where a directory belongs")
    before = picture(target)
    with pytest.raises(ConflictError, match="there already and differ") as caught:
        restore(reader, target, library.context)
    assert "--overwrite" in str(caught.value.hint)
    assert picture(target) == before
    restore(reader, target, library.context, overwrite=True)
    assert picture(target) == picture(library.root)


def test_a_directory_is_never_replaced_by_a_file(
    library: Library, reader: StoredReader, tmp_path: Path
) -> None:
    target = write_files(tmp_path / "target", {"a.txt/precious": "kept"})
    with pytest.raises(ConflictError, match=r"differ: a\.txt"):
        restore(reader, target, library.context, overwrite=True)
    assert (target / "a.txt/precious").read_text() == "kept"
    assert not (target / "sub").exists()


def test_a_target_that_is_a_file_is_a_conflict(
    library: Library, reader: StoredReader, tmp_path: Path
) -> None:
    (tmp_path / "target").write_text("a file")
    with pytest.raises(ConflictError, match="is not a directory"):
        restore(reader, tmp_path / "target", library.context)


def test_a_target_through_a_link_is_what_the_user_asked_for(
    library: Library, reader: StoredReader, tmp_path: Path
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "alias").symlink_to("real")
    restore(reader, tmp_path / "alias", library.context)
    assert picture(tmp_path / "real") == picture(library.root)


def test_the_umask_is_honoured(library: Library, reader: StoredReader, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        restore(reader, tmp_path / "target", library.context)
    finally:
        os.umask(before)
    assert (tmp_path / "target/a.txt").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "target/run").stat().st_mode & 0o777 == 0o700


class _StopsAfter(MemoryContext):
    """Asks to stop at the n-th check."""

    def __init__(self, checks: int) -> None:
        super().__init__()
        self.left = checks

    def check_cancelled(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Interrupted


@pytest.mark.parametrize("checks", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("existing", [False, True])
def test_an_interrupted_restore_leaves_only_whole_files(
    library: Library, reader: StoredReader, tmp_path: Path, checks: int, existing: bool
) -> None:
    target = tmp_path / "target"
    if existing:
        target.mkdir()
    with pytest.raises(Interrupted):
        restore(reader, target, _StopsAfter(checks))
    if not existing:
        assert not target.exists()
        assert sorted(one.name for one in tmp_path.iterdir()) == ["home", "tree"]
        return
    wanted = picture(library.root)
    for path, seen in picture(target).items():
        assert path in wanted, "nothing half-written is left behind"
        if seen.content is not None:
            assert seen == wanted[path]


def test_a_full_or_read_only_disk_is_one_line(
    library: Library, reader: StoredReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pwrite

    def full(fd: int, data: bytes, offset: int) -> int:
        if offset:
            raise OSError(28, "No space left on device")
        return real(fd, data, offset)

    monkeypatch.setattr("outrig.snapshot.target.os.pwrite", full)
    with pytest.raises(StoreError) as caught:
        restore(reader, tmp_path / "target", library.context)
    assert "No space left on device" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "target").exists()
