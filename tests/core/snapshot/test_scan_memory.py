"""The remembered scan: enough to tell an unchanged tree, and never trusted further than that."""

from __future__ import annotations

import os
import time
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outrig.snapshot import scancache
from outrig.snapshot.directory import RACY_NS, ScanOptions
from outrig.testing.directories import write_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrig.testing.stores import Library

_FILES = {f"d{n}/e/f{m}": f"{n} {m}" for n in range(3) for m in range(3)}


@pytest.fixture
def settled(library: Library, monkeypatch: pytest.MonkeyPatch) -> Library:
    """A project whose files were all changed long before every scan, by the scan's clock."""
    write_files(library.root, _FILES)
    real = time.time_ns
    monkeypatch.setattr("outrig.snapshot.walk.time.time_ns", lambda: real() + 10 * RACY_NS)
    return library


def _remembered(library: Library) -> scancache.Scan:
    root = os.path.realpath(os.fsencode(library.root))
    return scancache.load(scancache.cache_file(root, ScanOptions()))


def _is_unchanged(library: Library) -> bool:
    return _remembered(library).is_unchanged(os.path.realpath(os.fsencode(library.root)))


def test_an_unchanged_tree_opens_no_directory(
    settled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = settled.create()
    assert _is_unchanged(settled)
    opened: list[object] = []
    real = os.open

    def spy(path: str | bytes, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        opened.append(path)
        return real(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr("outrig.snapshot.walk.os.open", spy)
    again = settled.create()
    assert os.path.realpath(os.fsencode(settled.root)) not in opened
    assert again.info.digest == first.info.digest
    assert (again.info.file_count, again.info.size_bytes) == (9, 27)
    assert len(settled.reader(again.info).entries()) == 9 + 6


_CHANGES: dict[str, Callable[[Path], object]] = {
    "content of the same size and time": lambda root: _rewrite(root / "d1/e/f1", "x y"),
    "a new file": lambda root: (root / "d1/e/new").write_text(""),
    "a file less": lambda root: (root / "d2/e/f0").unlink(),
    "a new directory": lambda root: (root / "d0/empty").mkdir(),
    "an executable bit": lambda root: (root / "d0/e/f0").chmod(0o755),
    "a directory renamed": lambda root: (root / "d0/e").rename(root / "d0/f"),
    "a link for a directory": lambda root: _swap(root / "d0/e", root / "d1/e"),
    "a new ignore file": lambda root: (root / "d0/.gitignore").write_text("f1\n"),
    "the root swapped": lambda root: _copy(root),
}


def _rewrite(path: Path, text: str) -> None:
    before = path.stat()
    path.write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _swap(path: Path, target: Path) -> None:
    path.rename(path.with_name("moved"))
    path.symlink_to(target)


def _copy(root: Path) -> None:
    root.rename(root.with_name("before"))
    write_files(root, _FILES)


@pytest.mark.parametrize("change", list(_CHANGES))
def test_no_change_passes_for_none(settled: Library, change: str) -> None:
    settled.create()
    _CHANGES[change](settled.root)
    assert not _is_unchanged(settled)


def test_what_is_too_young_is_not_trusted(library: Library) -> None:
    write_files(library.root, _FILES)
    library.create()
    assert not _is_unchanged(library)


def test_ignore_files_that_ignore_themselves_are_looked_at(settled: Library) -> None:
    (settled.root / "d0/.gitignore").write_text(".gitignore\nf0\n")
    assert settled.create().info.file_count == 8
    assert settled.create().info.file_count == 8
    (settled.root / "d0/.gitignore").write_text(".gitignore\n*\n")
    assert settled.create().info.file_count == 6


def test_counts_are_remembered(settled: Library) -> None:
    (settled.root / ".gitignore").write_text("d2/\n")
    for _ in range(2):
        stored = settled.create()
        assert (stored.ignored, stored.info.file_count) == (1, 7)
    assert _remembered(settled).counts.ignored == 1


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.binary(max_size=400), st.lists(st.integers(-2, 9), max_size=60))
def test_any_bytes_are_a_scan_or_none(tmp_path: Path, data: bytes, numbers: list[int]) -> None:
    """Even with a right checksum: what is no scan is taken for none."""
    file = tmp_path / "scan"
    body = b"".join(one.to_bytes(8, "little", signed=True) for one in numbers) + data
    for text in (data, b"outrig-scan-2\n" + zlib.crc32(body).to_bytes(4, "big") + body):
        file.write_bytes(text)
        scan = scancache.load(file)
        assert not scan.is_unchanged(os.fsencode(tmp_path))
