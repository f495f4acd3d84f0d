"""What a killed restore leaves behind goes with the next one; a living one's stays."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from outrig.snapshot.restore import restore
from outrig.snapshot.staging import INSIDE, Staging, clear_dead
from outrig.testing.stores import Library, picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrig.model.snapshot import SnapshotInfo

_HOLDER = """
import sys
from pathlib import Path
from outrig.snapshot.staging import Staging
staging = Staging(Path(sys.argv[1]), sys.argv[2], 0o700)
(staging.path / "half").write_text("a file")
print(staging.path.name, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def info(library: Library) -> SnapshotInfo:
    """A snapshot of two files."""
    (library.root / "a").write_text("a")
    (library.root / "sub").mkdir()
    (library.root / "sub/b").write_text("b")
    return library.create().info


@pytest.fixture(params=["inside", "beside"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path, str]:
    """Return a target, where a restore into it works, and how the working directory is called."""
    target = tmp_path / "target"
    if request.param == "beside":
        return target, tmp_path, ".target.outrig-"
    target.mkdir()
    return target, target, INSIDE


@pytest.fixture
def holder(place: tuple[Path, Path, str]) -> Iterator[subprocess.Popen[str]]:
    """A process that is in the middle of a restore."""
    _, parent, prefix = place
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(parent), prefix],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        process.kill()


def test_a_killed_restore_is_cleared_by_the_next_and_a_living_one_is_not(
    library: Library,
    info: SnapshotInfo,
    place: tuple[Path, Path, str],
    holder: subprocess.Popen[str],
) -> None:
    target, parent, prefix = place
    assert holder.stdout is not None
    left = parent / holder.stdout.readline().strip()
    assert clear_dead(parent, prefix) == 0
    assert (left / "half").is_file()
    holder.kill()
    holder.wait()
    restore(library.reader(info), target, library.context)
    assert not left.exists()
    assert picture(target) == picture(library.root)


def test_what_only_looks_alike_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    for name in (INSIDE + "mine", INSIDE + "0" * 25, INSIDE + "0" * 26 + ".bak"):
        (place / name).mkdir()
    (place / (INSIDE + "1" * 26)).write_text("a file")
    (place / (INSIDE + "2" * 26)).symlink_to(tmp_path)
    assert clear_dead(place, INSIDE) == 0
    assert len(list(place.iterdir())) == 5


def test_one_that_was_taken_for_dead_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may look between the making of the directory and its lock."""
    from outrig.snapshot import staging

    place = tmp_path / "place"
    place.mkdir()
    real = staging._lock
    removed: list[Path] = []

    def lock(fd: int) -> bool | None:
        if not removed:
            removed.extend(place.iterdir())
            removed[0].rmdir()
        return real(fd)

    monkeypatch.setattr(staging, "_lock", lock)
    made = Staging(place, INSIDE, 0o700)
    assert made.path.is_dir()
    assert made.path != removed[0]
    made.remove()
    made.close()


def test_a_working_directory_is_no_part_of_a_snapshot(library: Library, info: SnapshotInfo) -> None:
    (library.root / (INSIDE + "01M7Y9ABPXHWTX4G447W12XGEX")).mkdir()
    assert library.create().info.digest == info.digest


def test_a_target_with_a_name_as_long_as_can_be(
    library: Library, info: SnapshotInfo, tmp_path: Path
) -> None:
    target = tmp_path / ("漢" * 85)
    restore(library.reader(info), target, library.context)
    assert picture(target) == picture(library.root)
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".漢")] == []


def test_several_restores_into_one_directory_at_once(
    library: Library, info: SnapshotInfo, tmp_path: Path
) -> None:
    """Each has a working directory of its own, and none takes another's for left behind."""
    from concurrent.futures import ThreadPoolExecutor

    target = tmp_path / "target"
    target.mkdir()

    def once(_: int) -> int:
        return restore(library.reader(info), target, library.context, overwrite=True).links

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(once, range(12))) == [0] * 12
    assert picture(target) == picture(library.root)
