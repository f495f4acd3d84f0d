"""What can stand in a project directory comes back as it was, or is told of by name."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.errors import ProjectError
from outrig.model.snapshot import Entry, EntryKind
from outrig.snapshot.restore import restore
from outrig.snapshot.scan import ScanOptions, preview
from outrig.testing.directories import write_files
from outrig.testing.stores import Library, Seen, picture

if TYPE_CHECKING:
    from outrig.model.snapshot import SnapshotInfo


def _restored(library: Library, info: SnapshotInfo, into: Path) -> dict[bytes, Seen]:
    """Restore, and return every byte, mode and time of it."""
    restore(library.reader(info), into, library.context, outside_links=True)
    return picture(into)


def _entries(library: Library, info: SnapshotInfo) -> dict[str, Entry]:
    return {entry.path: entry for entry in library.reader(info).entries()}


def test_modes_times_links_and_empty_directories_come_back(
    library: Library, tmp_path: Path
) -> None:
    write_files(library.root, {"run.sh": "#!/bin/sh\n", "a/b/c.txt": "c", "a/empty-file": ""})
    (library.root / "a/nothing/in/here").mkdir(parents=True)
    (library.root / "a/link").symlink_to("b/c.txt")
    (library.root / "a/up").symlink_to("../run.sh")
    (library.root / "dangling").symlink_to("nowhere")
    os.utime(library.root / "a/b/c.txt", ns=(1, 1_234_567_890_123_456_789))
    os.utime(library.root / "a/nothing", ns=(1, 987_654_321_000_000_001))
    os.utime(library.root / "dangling", ns=(1, 5_000_000_007), follow_symlinks=False)
    os.utime(library.root / "run.sh", ns=(1, -1_000_000_000))
    assert _restored(library, library.create().info, tmp_path / "back") == picture(library.root)


def test_sizes_around_the_borders_of_chunks(library: Library, tmp_path: Path) -> None:
    mib = 1 << 20
    for size in (0, 1, mib - 1, mib, mib + 1, 4 * mib - 1, 4 * mib, 4 * mib + 1, 9 * mib):
        (library.root / f"{size}.bin").write_bytes((b"%d" % size * size)[:size])
    assert _restored(library, library.create().info, tmp_path / "back") == picture(library.root)


def test_names_of_every_sort(library: Library, tmp_path: Path) -> None:
    names = [b"a b", b"-rf", b"new\nline", b"tab\t", b"\xff\xfe", b"caf\xe9", b"\xc3\xa9", b"'\"$`"]
    names += [b"n" * 255, b"...", b"~", b"\x1b[31mred", b"c\\d", b"*", "é".encode()]
    for name in names:
        (library.root / os.fsdecode(name)).write_bytes(name)
    assert _restored(library, library.create().info, tmp_path / "back") == picture(library.root)


def test_a_hundred_levels_deeper_than_any_path_may_be_long(
    library: Library, tmp_path: Path
) -> None:
    name = "d" * 200
    here = os.open(library.root, os.O_RDONLY)
    for _ in range(100):
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    with os.fdopen(os.open("leaf", os.O_WRONLY | os.O_CREAT, dir_fd=here), "w") as stream:
        stream.write("deep")
    os.close(here)
    info = library.create().info
    deepest = max(library.reader(info).entries(), key=lambda entry: len(entry.path))
    assert (deepest.path.count("/"), deepest.size_bytes) == (100, 4)
    restore(library.reader(info), tmp_path / "back", library.context)
    (library.root / "next-to-it").write_text("x")
    moved = Library(library.store, tmp_path / "back").create().info
    assert moved.digest == info.digest


def test_too_many_levels_are_refused(library: Library) -> None:
    here = os.open(library.root, os.O_RDONLY)
    for _ in range(510):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    with pytest.raises(ProjectError, match="more than 500 levels deep"):
        library.create()


def test_loops_of_links_are_links(library: Library, tmp_path: Path) -> None:
    (library.root / "a").symlink_to("b")
    (library.root / "b").symlink_to("a")
    (library.root / "self").symlink_to("self")
    (library.root / "dir").mkdir()
    (library.root / "dir/parent").symlink_to("..")
    assert _restored(library, library.create().info, tmp_path / "back") == picture(library.root)


def test_hard_links_are_files_of_the_same_content(library: Library, tmp_path: Path) -> None:
    write_files(library.root, {"one": "same content"})
    (library.root / "two").hardlink_to(library.root / "one")
    stored = library.create()
    assert stored.info.file_count == 2
    assert _restored(library, stored.info, tmp_path / "back") == picture(library.root)
    assert (tmp_path / "back/one").stat().st_nlink == 1


def test_special_files_are_left_out_by_name(library: Library, tmp_path: Path) -> None:
    write_files(library.root, {"file": "x"})
    os.mkfifo(library.root / "queue")
    here = Path.cwd()
    os.chdir(library.root)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("plug")
    finally:
        os.chdir(here)
    expected = {("queue", "fifo"), ("plug", "socket")}
    if os.geteuid() == 0:
        os.mknod(library.root / "zero", 0o600 | stat.S_IFCHR, os.makedev(1, 5))
        expected.add(("zero", "character device"))
    stored = library.create()
    assert {(one.path, one.reason) for one in stored.left_out} == expected
    assert list(_entries(library, stored.info)) == ["file"]
    again = library.create()
    assert {(one.path, one.reason) for one in again.left_out} == expected


def test_git_and_outrig_are_left_out_unless_all_files_are_wanted(library: Library) -> None:
    write_files(
        library.root,
        {
            ".git/HEAD": "x",
            "sub/.git/HEAD": "x",
            ".outrig/id": "x",
            ".gitignore": "*.log\n",
            "a.log": "x",
            "a.txt": "x",
        },
    )
    assert list(_entries(library, library.create().info)) == [".gitignore", "a.txt", "sub"]
    everything = library.create(all_files=True)
    assert {entry for entry in _entries(library, everything.info) if "." in entry} == {
        ".git",
        ".git/HEAD",
        "sub/.git",
        "sub/.git/HEAD",
        ".gitignore",
        "a.log",
        "a.txt",
    }


def test_what_is_ignored_is_counted(library: Library) -> None:
    write_files(library.root, {".gitignore": "*.log\nbuild/\n", "a.log": "", "b.log": ""})
    write_files(library.root, {"build/1": "", "build/2": "", "kept": ""})
    assert library.create().ignored == 3
    assert library.create().ignored == 3
    seen = preview(library.root, ScanOptions(), library.context)
    assert (seen.ignored, [one.path for one in seen.files]) == (3, [".gitignore", "kept"])


def test_identity_is_names_modes_and_content_but_not_times(
    library: Library, tmp_path: Path
) -> None:
    write_files(library.root, {"a": "x", "b/c": "y"})
    first = library.create().info.digest
    os.utime(library.root / "a", (0, 0))
    os.utime(library.root / "b", (0, 0))
    assert library.create().info.digest == first
    copy = Library(library.store, write_files(tmp_path / "elsewhere", {"b/c": "y", "a": "x"}))
    assert copy.create(project_id="other").info.digest == first
    digests = {first}
    (library.root / "a").chmod(0o755)
    digests.add(library.create().info.digest)
    (library.root / "empty").mkdir()
    digests.add(library.create().info.digest)
    (library.root / "link").symlink_to("a")
    digests.add(library.create().info.digest)
    (library.root / "link").unlink()
    (library.root / "link").symlink_to("b")
    digests.add(library.create().info.digest)
    assert len(digests) == 5


def test_entries_are_sorted_by_path_with_parents_first(library: Library) -> None:
    write_files(library.root, {"a/x": "1", "a-b": "2", "a.c/y": "3", "a/-": "4", "A": "5"})
    paths = [entry.path.encode() for entry in library.reader(library.create().info).entries()]
    assert paths == sorted(paths)


def test_an_empty_project_is_a_snapshot(library: Library, tmp_path: Path) -> None:
    stored = library.create()
    assert (stored.info.file_count, stored.info.size_bytes) == (0, 0)
    assert _restored(library, stored.info, tmp_path / "back") == picture(library.root)


def test_directories_beyond_one_piece_of_the_list(library: Library, tmp_path: Path) -> None:
    for number in range(300):
        directory = library.root / f"directory-with-a-long-name-{number:04}"
        directory.mkdir()
        for name in range(10):
            (directory / f"some-file-with-a-rather-long-name-{name}").write_text(f"{number} {name}")
    stored = library.create()
    assert stored.info.file_count == 3000
    kinds = {entry.kind for entry in library.reader(stored.info).entries()}
    assert kinds == {EntryKind.FILE, EntryKind.DIRECTORY}
    assert _restored(library, stored.info, tmp_path / "back") == picture(library.root)
    (library.root / "directory-with-a-long-name-0150/new").write_text("new")
    changed = library.create()
    assert changed.new_bytes < 600_000
