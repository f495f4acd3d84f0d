"""`output_files`: in the snapshot whatever the ignore rules say, and marked as outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.snapshot.scan import ScanOptions, preview
from outrig.testing.directories import write_files

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.stores import Library

RESULTS = {"results", "results/a.csv", "results/c.txt", "results/deep", "results/deep/b.csv"}


@pytest.fixture
def project(library: Library) -> Path:
    """A project that ignores its results."""
    return write_files(
        library.root,
        {
            ".gitignore": "results/\n*.pt\nscratch\n",
            "train.py": "x",
            "results/a.csv": "a",
            "results/deep/b.csv": "b",
            "results/c.txt": "c",
            "model.pt": "m",
            "other.pt": "o",
            "scratch/x": "x",
        },
    )


def _seen(library: Library, *outputs: str) -> dict[str, bool]:
    """Return the paths of files and directories, and whether they are outputs."""
    info = library.create(outputs=outputs).info
    return {entry.path: entry.output for entry in library.reader(info).entries()}


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ("model.pt", {"model.pt"}),
        ("./model.pt", {"model.pt"}),
        ("train.py", {"train.py"}),
        ("results", RESULTS),
        ("results/", RESULTS),
        ("results/deep/b.csv", {"results", "results/deep", "results/deep/b.csv"}),
        ("results/*.csv", {"results", "results/a.csv"}),
        ("results/**/*.csv", RESULTS - {"results/c.txt"}),
        ("**/*.pt", {"model.pt", "other.pt"}),
        ("[mo]*.pt", {"model.pt", "other.pt"}),
        ("m?del.pt", {"model.pt"}),
        ("sub/../model.pt", {"model.pt"}),
    ],
)
def test_outputs_beat_the_ignore_rules(
    library: Library, project: Path, output: str, found: set[str]
) -> None:
    seen = _seen(library, output)
    marked = {path for path, is_output in seen.items() if is_output}
    assert marked == found
    assert ("train.py" in seen, "scratch" in seen) == (True, False)


def test_the_rest_of_an_ignored_directory_stays_out(library: Library, project: Path) -> None:
    seen = _seen(library, "results/deep/b.csv")
    assert "results/a.csv" not in seen
    assert "results/c.txt" not in seen


def test_missing_outputs_are_listed_and_are_no_error(library: Library, project: Path) -> None:
    outputs = ("model.pt", "nowhere.bin", "results/*.json", "/nonexistent/file", "results/**")
    info = library.create(outputs=outputs).info
    assert info.missing_outputs == ("nowhere.bin", "results/*.json", "/nonexistent/file")
    again = library.create(outputs=outputs).info
    assert again.missing_outputs == info.missing_outputs
    seen = preview(project, ScanOptions(outputs), library.context)
    assert seen.missing_outputs == info.missing_outputs


def test_outputs_from_outside_are_kept_apart(
    library: Library, project: Path, tmp_path: Path
) -> None:
    outside = write_files(tmp_path / "elsewhere", {"logs/1.txt": "1", "logs/2.txt": "2", "n": "n"})
    seen = _seen(library, str(outside / "logs"), "../elsewhere/n", f"{outside}/nothing*")
    below = f".outrig/outputs{outside}"
    assert {path for path in seen if path.startswith(below + "/")} == {
        f"{below}/logs",
        f"{below}/logs/1.txt",
        f"{below}/logs/2.txt",
        f"{below}/n",
    }
    assert all(is_output for path, is_output in seen.items() if path.startswith(".outrig"))
    info = library.create(outputs=(f"{outside}/l*/[12].txt",)).info
    entries = {entry.path: entry for entry in library.reader(info).entries()}
    assert f"{below}/logs/2.txt" in entries
    files = [
        one.path
        for one in preview(project, ScanOptions((f"{outside}/l*/[12].txt",)), library.context).files
        if one.output
    ]
    assert files == [f"{outside}/logs/1.txt", f"{outside}/logs/2.txt"]


def test_outputs_from_outside_come_back_inside_the_target(
    library: Library, project: Path, tmp_path: Path
) -> None:
    outside = write_files(tmp_path / "elsewhere", {"n": "content"})
    info = library.create(outputs=(str(outside / "n"),)).info
    library.restored(info, tmp_path / "back")
    assert (tmp_path / f"back/.outrig/outputs{outside}/n").read_text() == "content"


def test_an_output_through_a_link_is_found_at_its_real_place(
    library: Library, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "alias").symlink_to(library.root)
    seen = _seen(library, str(tmp_path / "alias/model.pt"))
    assert seen["model.pt"] is True


def test_the_whole_project_may_be_output(library: Library, project: Path) -> None:
    seen = _seen(library, ".")
    assert seen["scratch/x"] is True
    assert seen["train.py"] is True


def test_an_output_that_appears_later_deep_in_an_ignored_directory(
    library: Library, project: Path
) -> None:
    assert "results" not in _seen(library, "results/deep/*.pt")
    (project / "results/deep/late.pt").write_text("late")
    assert _seen(library, "results/deep/*.pt")["results/deep/late.pt"] is True
