"""SIGKILL, several processes, full and read-only disks: the store on disk stays consistent."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from outrig.errors import StoreError
from outrig.snapshot import writer
from outrig.snapshot.copying import CopyReader
from outrig.snapshot.restore import restore
from outrig.testing.directories import write_files
from outrig.testing.stores import Library, picture
from outrig_stores.file import FileStore, FileStoreSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FILES = {
    f"d{n}/f{m}": random.Random(n * 100 + m).randbytes(60_000) for n in range(9) for m in range(9)
}
_ROUNDS = max(5, int(os.environ.get("OUTRIG_FAULT_ROUNDS", "5")) // 20)
_PROGRAM = """
import sys
from pathlib import Path
from outrig.interfaces import Context
from outrig.model.snapshot import SnapshotLabels
from outrig.snapshot.create import create_snapshot
from outrig.snapshot.prune import prune_store
from outrig.snapshot.restore import restore
from outrig.snapshot.stored import StoredReader
from outrig.snapshot.directory import ScanOptions
from outrig_stores.file import FileStore, FileStoreSettings

class Quiet(Context):
    settings = journal = None
    def progress(self, done, total, note): pass
    def output(self, stream, data): pass
    def check_cancelled(self): pass

url, root, what, name = sys.argv[1:]
store = FileStore(url, FileStoreSettings())
print("ready", flush=True)
sys.stdin.readline()
if what == "create":
    labels, options = SnapshotLabels(name=name), ScanOptions()
    made = create_snapshot(
        Path(root), "a-project", labels, options, store.store_snapshot, Quiet()
    )
    print(made.info.id, flush=True)
elif what == "restore":
    wanted = sys.stdin.readline().strip()
    restore(StoredReader(wanted, store.load_snapshot, Quiet()), Path(name), Quiet())
else:
    prune_store(store, Quiet(), grace_s=0)
"""


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """A store on disk and a project of 5 MB."""
    store = FileStore(f"file://{tmp_path}/store", FileStoreSettings(fsync=False))
    return Library(store, write_files(tmp_path / "tree", _FILES))


def _start(library: Library, what: str, name: str) -> subprocess.Popen[str]:
    """Start a process that is about to do something; a line on its stdin sets it off."""
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, library.store.url, str(library.root), what, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _set_off(process: subprocess.Popen[str], text: str = "") -> None:
    assert process.stdin is not None
    process.stdin.write(f"\n{text}\n")
    process.stdin.flush()


@pytest.mark.parametrize("seed", range(2))
def test_killed_creates_leave_nothing_wrong(library: Library, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    library.create(name="first")
    for number in range(_ROUNDS):
        for name in rng.sample(sorted(_FILES), 20):
            (library.root / name).write_bytes(rng.randbytes(rng.randint(10, 100_000)))
        process = _start(library, "create", f"killed-{number}")
        _set_off(process)
        time.sleep(rng.uniform(0, 0.15))
        process.kill()
        out, _ = process.communicate()
        names = library.names()
        assert names[-1] == "first", f"seed {seed}"
        assert not out or f"killed-{number}" in names, "what was reported is there"
        assert library.damages() == [], f"seed {seed}, round {number}"
    last = library.create(name="last")
    assert library.restored(last.info, tmp_path / "back") == picture(library.root)


def test_killed_prunes_lose_nothing(library: Library, tmp_path: Path) -> None:
    rng = random.Random(5)
    for number in range(4):
        (library.root / "d0/f0").write_bytes(rng.randbytes(3 << 20))
        library.create(name=str(number))
    ids = [one.key.partition("/")[2] for one in library.store.list("snapshots/")]
    library.store.delete_snapshots(tuple(sorted(ids)[:3]), library.context)
    for _ in range(_ROUNDS):
        process = _start(library, "prune", "")
        _set_off(process)
        time.sleep(rng.uniform(0, 0.1))
        process.kill()
        process.communicate()
        assert library.damages() == []
    assert library.restored(max(ids), tmp_path / "back") == picture(library.root)


def test_killed_restores_leave_no_half_files(library: Library, tmp_path: Path) -> None:
    rng = random.Random(6)
    info = library.create().info
    wanted = picture(library.root)
    target = tmp_path / "target"
    target.mkdir()
    for _ in range(_ROUNDS):
        process = _start(library, "restore", str(target))
        _set_off(process, info.id)
        time.sleep(rng.uniform(0.02, 0.15))
        process.kill()
        process.communicate()
        for path, seen in picture(target).items():
            if seen.content is not None and not path.startswith(b".outrig-"):
                assert seen == wanted[path]
    restore(library.reader(info), target, library.context)
    assert picture(target) == wanted, "what the killed ones left is gone, too"


def test_creates_of_several_processes_at_once_are_all_whole(
    library: Library, tmp_path: Path
) -> None:
    processes = [_start(library, "create", "same-name") for _ in range(4)]
    for process in processes:
        _set_off(process)
    ids = [process.communicate()[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    assert len(set(ids)) == 4
    assert library.names() == ["same-name"] * 4
    assert library.damages() == []
    assert library.restored(ids[0], tmp_path / "back") == picture(library.root)


def test_creates_beside_deletes_and_prunes(library: Library, tmp_path: Path) -> None:
    """With the grace, whatever the order."""
    ids = [library.create(name="old").info.id for _ in range(3)]
    creating = [_start(library, "create", f"new-{number}") for number in range(2)]
    for process in creating:
        _set_off(process)
    for one in ids:
        library.store.delete_snapshots((one,), library.context)
    for process in creating:
        process.communicate()
        assert process.returncode == 0
    assert sorted(library.names()) == ["new-0", "new-1"]
    assert library.damages() == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a small file system")
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(disk)],
        check=False,
        capture_output=True,
    )
    if done.returncode != 0:
        pytest.skip("mounting is not allowed here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_is_one_line_and_what_was_there_stays(
    library: Library, small_disk: Path, tmp_path: Path
) -> None:
    full = Library(
        FileStore(f"file://{small_disk}/store", FileStoreSettings()),
        write_files(tmp_path / "small", {"a": "x"}),
    )
    full.create(name="fits")
    with pytest.raises(StoreError) as caught:
        full.create(library.root, name="does not")
    assert "No space left on device" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert full.names() == ["fits"]
    assert full.damages() == []
    assert list((small_disk / "store/.writing").iterdir()) == []


def test_a_disk_that_is_full_for_a_restore_is_one_line(library: Library, small_disk: Path) -> None:
    info = library.create().info
    with pytest.raises(StoreError, match="No space left on device"):
        restore(library.reader(info), small_disk / "target", library.context)
    assert list(small_disk.iterdir()) == []


def test_a_disk_that_fills_while_pulling_shows_nothing_half(
    library: Library, small_disk: Path
) -> None:
    info = library.create(name="v1").info
    here = Library(FileStore(f"file://{small_disk}/store", FileStoreSettings()), library.root)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(2 << 20))
    for _ in range(2):
        with pytest.raises(StoreError, match="No space left on device"):
            here.store.store_snapshot(
                CopyReader(library.reader(info), here.context, None), here.context
            )
        assert here.names() == []
        assert here.damages() == []
    subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
    copied = here.store.store_snapshot(
        CopyReader(library.reader(info), here.context, None), here.context
    )
    assert copied.info.digest == info.digest
    assert here.damages() == []


def test_a_limit_on_file_sizes_is_one_line(library: Library) -> None:
    """As under a quota, where nothing can be mounted."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    try:
        with pytest.raises(StoreError, match="File too large"):
            library.create()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert library.names() == []
    assert library.create().info.file_count == 81


def test_a_read_only_store_can_be_read_and_says_why_it_cannot_be_written(
    library: Library, tmp_path: Path
) -> None:
    info = library.create(name="v1").info
    if os.geteuid() == 0:
        read_only = tmp_path / "read-only"
        read_only.mkdir()
        store = tmp_path / "store"
        done = subprocess.run(
            ["mount", "--bind", "-o", "ro", str(store), str(read_only)],
            check=False,
            capture_output=True,
        )
        if done.returncode != 0:
            pytest.skip("mounting is not allowed here")
    else:
        read_only = tmp_path / "store"
        for path in [*read_only.rglob("*"), read_only]:
            if path.is_dir():
                path.chmod(0o500)
    other = Library(FileStore(f"file://{read_only}", FileStoreSettings()), library.root)
    try:
        assert other.names() == ["v1"]
        assert other.restored(info, tmp_path / "back") == picture(library.root)
        (library.root / "new").write_text("new")
        with pytest.raises(StoreError) as caught:
            other.create()
        assert "\n" not in str(caught.value)
        assert str(caught.value).startswith("cannot write ")
    finally:
        if os.geteuid() == 0:
            subprocess.run(["umount", "-l", str(read_only)], check=True)
        for path in [*read_only.rglob("*"), read_only]:
            if path.is_dir():
                path.chmod(0o700)


def test_a_copy_that_fails_has_ended_its_threads_when_it_says_so(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only when nobody holds the error any more."""
    monkeypatch.setattr(writer, "PACK_TARGET", 1 << 20)  # so it fails while it reads
    (library.root / "large").write_bytes(random.Random(7).randbytes(24 << 20))
    info = library.create().info

    class Full(FileStore):
        def put(self, *_given: object, **_named: object) -> bool:
            raise StoreError("No space left on device")

    full = Full(f"file://{tmp_path}/full", FileStoreSettings(fsync=False))
    reader = CopyReader(library.reader(info), library.context, None)
    before = set(threading.enumerate())
    with pytest.raises(StoreError, match="No space left") as held:
        full.store_snapshot(reader, library.context)
    assert held.tb is not None
    assert set(threading.enumerate()) <= before
