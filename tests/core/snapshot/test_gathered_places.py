"""Files and directories of several places as one snapshot."""

from __future__ import annotations

from pathlib import Path

import pytest

from outrig.engine import Outrig
from outrig.errors import NotFoundError, ProjectError
from outrig.snapshot.restore import restore


@pytest.fixture
def places(tmp_path: Path) -> Path:
    code = tmp_path / "code"
    (code / "sub").mkdir(parents=True)
    (code / "sub/täglich.txt").write_text("one")
    (code / "sub/kept.log").write_text("log")
    (code / ".gitignore").write_text("*.log\n")
    (code / "run.sh").write_text("two")
    (code / "run.sh").chmod(0o755)
    (tmp_path / "big.bin").write_bytes(bytes(range(256)) * (5 << 12))
    (tmp_path / "empty").write_text("")
    return tmp_path


def restored(outrig: Outrig, places: Path, target: Path, **options: tuple[str, ...]) -> list[str]:
    """Gather all of it, restore that, and return the paths that came."""
    parts = [("a", places / "code"), ("b", places / "big.bin"), ("c", places / "empty")]
    reader = outrig.snapshots.gather(parts, "p", "some", **options)
    assert reader.digests.keys() == {"a", "b", "c"}
    paths = [one.path for one in reader.entries()]
    assert paths == sorted(paths, key=lambda one: one.encode())
    restore(reader, target, outrig.snapshots.context("restore"))
    return sorted(str(one.relative_to(target)) for one in target.rglob("*") if one.is_file())


def test_what_is_gathered_comes_back(places: Path) -> None:
    outrig, target = Outrig(), places / "back"
    files = restored(outrig, places, target)
    assert files == [
        "a/.gitignore",
        "a/run.sh",
        "a/sub/kept.log",
        "a/sub/täglich.txt",
        "b/big.bin",
        "c/empty",
    ]
    assert (target / "b/big.bin").read_bytes() == (places / "big.bin").read_bytes()
    assert (target / "a/run.sh").stat().st_mode & 0o111


def test_patterns_and_ignore_files_leave_things_out(places: Path) -> None:
    outrig = Outrig()
    files = restored(outrig, places, places / "one", ignore_files=(".gitignore",))
    assert "a/sub/kept.log" not in files
    files = restored(outrig, places, places / "two", exclude=("sub/", "*.sh"))
    assert files == ["a/.gitignore", "b/big.bin", "c/empty"]


def test_its_digest_changes_with_any_part(places: Path) -> None:
    outrig = Outrig()
    parts = [("a", places / "code"), ("c", places / "empty")]

    def digest() -> str:
        return outrig.snapshots.gather(parts, "p", "some").info.digest

    before = digest()
    assert digest() == before
    (places / "empty").chmod(0o755)
    changed = digest()
    (places / "code/run.sh").write_text("three")
    assert len({before, changed, digest()}) == 3


def test_a_file_that_changes_and_a_place_that_is_none(places: Path) -> None:
    outrig = Outrig()
    with pytest.raises(NotFoundError, match="there is no file and no directory"):
        outrig.snapshots.gather([("a", places / "gone")], "p", "some")
    with pytest.raises(ProjectError, match="neither a file nor a directory"):
        outrig.snapshots.gather([("a", Path("/dev/null"))], "p", "some")
    reader = outrig.snapshots.gather([("b", places / "big.bin")], "p", "some")
    chunks = {chunk for one in reader.entries() for chunk in one.chunks}
    (places / "big.bin").write_bytes(b"x" * (5 << 20))
    with pytest.raises(ProjectError, match="changed since it was hashed"):
        list(reader.read(chunks))
