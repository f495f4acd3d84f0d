"""Files that change, vanish, turn into something else or cannot be read during a snapshot."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from outrig.errors import ProjectError
from outrig.model.snapshot import LeftOut
from outrig.testing.directories import write_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrig.testing.stores import Library


@pytest.fixture
def meddle(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> Callable[[bytes, Callable[[int], None]], None]:
    """Do something each time right before the file of a name is opened; it is given the count."""

    def set_up(name: bytes, action: Callable[[int], None]) -> None:
        real = os.open
        count = 0

        def meddling(
            path: bytes, flags: int, mode: int = 0o777, *, dir_fd: int | None = None
        ) -> int:
            nonlocal count
            if path == name and dir_fd is not None:
                count += 1
                action(count)
            return real(path, flags, mode, dir_fd=dir_fd)

        monkeypatch.setattr("outrig.snapshot.reading.os.open", meddling)

    return set_up


def _entries(library: Library, name: str = "one") -> dict[str, int]:
    info = library.create(name=name).info
    return {entry.path: entry.size_bytes for entry in library.reader(info).entries()}


def test_a_file_that_changes_once_is_read_again(
    library: Library, meddle: Callable[..., None]
) -> None:
    write_files(library.root, {"log": "1", "other": "x"})

    def grow(count: int) -> None:
        if count == 1:
            (library.root / "log").write_text("1234567")

    meddle(b"log", grow)
    assert _entries(library) == {"log": 7, "other": 1}


@pytest.mark.parametrize("size", [10, 6 << 20])
def test_a_file_that_keeps_changing_is_one_clear_error(
    library: Library, meddle: Callable[..., None], size: int
) -> None:
    write_files(library.root, {"log": b"1" * size})

    def grow(_count: int) -> None:
        with (library.root / "log").open("ab") as stream:
            stream.write(b"more")

    meddle(b"log", grow)
    with pytest.raises(ProjectError, match=r"^log keeps changing while it is read$") as caught:
        library.create()
    assert "stop what writes it" in str(caught.value.hint)
    assert library.names() == []


def test_a_file_that_vanishes_is_left_out_and_told(
    library: Library, meddle: Callable[..., None]
) -> None:
    write_files(library.root, {"gone": "x", "stays": "y"})
    meddle(b"gone", lambda _count: (library.root / "gone").unlink(missing_ok=True))
    stored = library.create()
    assert stored.left_out == (LeftOut("gone", "vanished while being read"),)
    assert stored.info.file_count == 1
    assert library.create().left_out == ()


def test_a_file_that_becomes_a_link_is_taken_as_the_link(
    library: Library, meddle: Callable[..., None], tmp_path: Path
) -> None:
    """…and is never read through: what it points to is not the project's."""
    (tmp_path / "secret").write_text("secret")
    write_files(library.root, {"file": "x"})

    def swap(count: int) -> None:
        if count == 1:
            (library.root / "file").unlink()
            (library.root / "file").symlink_to(tmp_path / "secret")

    meddle(b"file", swap)
    (entry,) = library.reader(library.create().info).entries()
    assert (entry.kind.value, entry.target) == ("l", str(tmp_path / "secret"))


def test_a_file_that_becomes_a_fifo_does_not_block(
    library: Library, meddle: Callable[..., None]
) -> None:
    write_files(library.root, {"file": "x"})

    def swap(count: int) -> None:
        if count == 1:
            (library.root / "file").unlink()
            os.mkfifo(library.root / "file")

    meddle(b"file", swap)
    assert library.create().left_out == (LeftOut("file", "fifo"),)


def test_a_directory_that_vanishes_is_left_empty_and_told(
    library: Library, meddle: Callable[..., None]
) -> None:
    write_files(library.root, {"a": "x", "sub/file": "y"})

    def remove(_count: int) -> None:
        (library.root / "sub/file").unlink(missing_ok=True)
        if (library.root / "sub").exists():
            (library.root / "sub").rmdir()

    meddle(b"a", remove)
    stored = library.create()
    assert stored.left_out == (LeftOut("sub", "vanished while being read"),)
    assert {entry.path for entry in library.reader(stored.info).entries()} == {"a", "sub"}


_AS_NOBODY = """
import os, sys
from pathlib import Path
from outrig.errors import ProjectError
from outrig.testing.stores import Library, MemoryStore
Library(MemoryStore(), Path(sys.argv[2])).create()  # imports all: python may be root's
os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    Library(MemoryStore(), Path(sys.argv[1])).create()
except ProjectError as err:
    print(err)
    print(err.hint)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_unreadable_files_and_directories_are_one_error_that_names_them(tmp_path: Path) -> None:
    """A snapshot that silently lacks a file would be worse than none."""
    root = write_files(tmp_path / "tree", {"ok": "x", "a/secret": "s", "b/locked/in": "y", "z": ""})
    (root / "a/secret").chmod(0)
    (root / "z").chmod(0)
    (root / "b/locked").chmod(0)
    above = tmp_path
    while above != above.parent and above.stat().st_uid == 0:
        above.chmod(above.stat().st_mode | 0o055)
        above = above.parent
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, str(root), str(root / "a")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OUTRIG_HOME": "/nonexistent"},
    )
    assert done.stdout.splitlines() == [
        "cannot read everything that belongs in the snapshot:",
        "z: Permission denied",
        "a/secret: Permission denied",
        "b/locked: Permission denied",
        "make them readable, or name them in .outrigignore",
    ], done.stderr


def test_a_root_that_is_not_there_is_one_line(library: Library, tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        library.create(tmp_path / "nowhere")
    assert str(caught.value) == f"cannot read {tmp_path / 'nowhere'}: No such file or directory"
