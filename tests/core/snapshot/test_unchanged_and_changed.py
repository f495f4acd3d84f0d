"""What is read again, and what is known from the last scan: never wrong."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig import paths
from outrig.snapshot.directory import RACY_NS
from outrig.testing.directories import write_files
from outrig.testing.stores import Library, MemoryStore

if TYPE_CHECKING:
    from outrig.model.snapshot import SnapshotInfo


@pytest.fixture
def settled(library: Library, monkeypatch: pytest.MonkeyPatch) -> Library:
    """A project whose files were all changed long before every scan, by the scan's clock."""
    write_files(library.root, {f"d{n}/f{m}": f"{n} {m}" for n in range(3) for m in range(3)})
    offset = 10 * RACY_NS
    real = time.time_ns
    monkeypatch.setattr("outrig.snapshot.walk.time.time_ns", lambda: real() + offset)
    return library


def _opened(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Return the list of files that are opened for reading from now on."""
    names: list[bytes] = []
    real = os.open

    def spy(path: bytes, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if dir_fd is not None and not flags & os.O_DIRECTORY:
            names.append(path)
        return real(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr("outrig.snapshot.reading.os.open", spy)
    return names


def _content(library: Library, info: SnapshotInfo) -> dict[str, bytes]:
    reader = library.reader(info)
    chunks = dict(reader.read({one for entry in reader.entries() for one in entry.chunks}))
    return {
        entry.path: b"".join(chunks[one] for one in entry.chunks)
        for entry in reader.entries()
        if entry.kind.value == "f"
    }


def test_an_unchanged_project_is_not_read(
    settled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = settled.create()
    opened = _opened(monkeypatch)
    again = settled.create()
    assert [name for name in opened if name.startswith(b"f")] == []
    assert again.info.digest == first.info.digest
    assert again.info.file_count == 9


def test_only_what_changed_is_read(settled: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    settled.create()
    (settled.root / "d1/f1").write_text("changed")
    (settled.root / "d1/new").write_text("new")
    (settled.root / "d2/f0").unlink()
    opened = _opened(monkeypatch)
    stored = settled.create()
    assert sorted(name for name in opened if name in (b"new",) or name.startswith(b"f")) == [
        b"f1",
        b"new",
    ]
    content = _content(settled, stored.info)
    assert content["d1/f1"] == b"changed"
    assert content["d1/new"] == b"new"
    assert "d2/f0" not in content
    assert len(content) == 9


@pytest.mark.parametrize("seed", range(8))
def test_any_change_is_seen_however_small(settled: Library, seed: int) -> None:
    """Random edits between snapshots; each must equal what a scan without a memory finds."""
    import random
    import shutil

    rng = random.Random(seed)
    for _ in range(6):
        for _ in range(rng.randint(1, 3)):
            path = settled.root / f"d{rng.randint(0, 3)}" / f"f{rng.randint(0, 3)}"
            path.parent.mkdir(exist_ok=True)
            change = rng.choice(["write", "touch", "mode", "remove", "link", "tree", "rename"])
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            if change == "write":
                path.unlink(missing_ok=True)
                path.write_text(str(rng.random()))
            elif change == "touch" and path.is_file():
                os.utime(path, (rng.randint(0, 10**9),) * 2)
            elif change == "mode" and path.is_file():
                path.chmod(rng.choice([0o644, 0o755]))
            elif change == "remove":
                path.unlink(missing_ok=True)
            elif change == "link":
                path.unlink(missing_ok=True)
                path.symlink_to(rng.choice(["a", "b"]))
            elif change == "tree":
                path.unlink(missing_ok=True)
                (path / "inner").mkdir(parents=True)
            elif change == "rename" and path.exists():
                path.rename(path.with_name(f"f{rng.randint(4, 9)}"))
        if rng.random() < 0.5:
            (settled.root / ".gitignore").write_text(rng.choice(["f1\n", "d2/\n", "!f1\n", ""]))
        remembered = settled.create().info
        for file in Path(paths.cache_dir(), "scan").iterdir():
            file.unlink()
        forgotten = settled.create().info
        assert remembered.digest == forgotten.digest, f"seed {seed}"
        times = [
            {entry.path: entry.mtime_ns for entry in settled.reader(one).entries()}
            for one in (remembered, forgotten)
        ]
        assert times[0] == times[1]


def test_a_file_changed_within_one_tick_of_the_clock_is_seen(library: Library) -> None:
    """Same size, same times, right after the snapshot: git calls it racy."""
    file = library.root / "file"
    for number in range(20):
        file.write_text(f"{number:04}")
        os.utime(file, ns=(1, 10**18))
        stored = library.create()
        assert _content(library, stored.info)["file"] == b"%04d" % number


def test_changed_ignore_rules_count_below_as_well(settled: Library) -> None:
    settled.create()
    (settled.root / ".gitignore").write_text("f1\n")
    assert settled.create().info.file_count == 7
    (settled.root / "d0/.gitignore").write_text("!f1\n")
    assert settled.create().info.file_count == 9
    (settled.root / "d0/.gitignore").unlink()
    (settled.root / ".gitignore").unlink()
    assert settled.create().info.file_count == 9


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "garbage"])
def test_a_damaged_scan_memory_costs_a_reading_and_nothing_else(
    settled: Library, damage: str
) -> None:
    first = settled.create().info.digest
    for file in Path(paths.cache_dir(), "scan").iterdir():
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        damaged = {"cut": bytes(data[:-7]), "flip": bytes(data), "empty": b""}
        file.write_bytes(damaged.get(damage, b"\0" * 100))
    assert settled.create().info.digest == first


def test_the_memory_of_a_scan_is_no_promise_about_the_store(
    settled: Library, tmp_path: Path
) -> None:
    """Files known from the last scan are read again for a store that does not have them."""
    settled.create()
    other = Library(MemoryStore("memory://other"), settled.root)
    stored = other.create()
    assert stored.new_chunks > 0
    assert len(_content(other, stored.info)) == 9
    assert other.damages() == []


def test_an_unwritable_cache_directory_is_no_error(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocker = tmp_path / "a-file"
    blocker.write_text("in the way")
    monkeypatch.setenv("OUTRIG_HOME", str(blocker))
    write_files(library.root, {"a": "x"})
    stored = library.create(name="v1")
    assert library.names() == ["v1"]
    assert _content(library, stored.info) == {"a": b"x"}
