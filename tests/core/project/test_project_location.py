from __future__ import annotations

from pathlib import Path

import pytest

from outrig.project.location import PROJECT_FILES, find_project


@pytest.mark.parametrize("file", PROJECT_FILES)
def test_every_form_is_found_from_a_deep_sub_directory(root: Path, file: str) -> None:
    (root / file).parent.mkdir(exist_ok=True)
    (root / file).write_text("name: x\n")
    deep = root / "a" / "b" / "c"
    deep.mkdir(parents=True)
    location = find_project(deep)
    assert location is not None
    assert (location.root, location.file, location.notice) == (root, file, None)


def test_the_first_of_several_forms_counts_and_one_notice_says_so(root: Path) -> None:
    for file in PROJECT_FILES:
        (root / file).parent.mkdir(exist_ok=True)
        (root / file).write_text("name: x\n")
    location = find_project(root)
    assert location is not None
    assert location.file == "outrig.yaml"
    assert location.notice == (
        "several project files: outrig.yaml is used, "
        "not .rayproject/project.yaml and ray-project/project.yaml"
    )


def test_the_nearest_root_wins_over_one_further_up(root: Path) -> None:
    (root / "outrig.yaml").write_text("name: outer\n")
    inner = root / "inner"
    (inner / "ray-project").mkdir(parents=True)
    (inner / "ray-project/project.yaml").write_text("name: inner\n")
    location = find_project(inner)
    assert location is not None
    assert location.root == inner


def test_without_a_project_there_is_none(root: Path) -> None:
    assert find_project(root) is None
    assert find_project(Path("/")) is None


@pytest.mark.parametrize("name", ["with space", "quote'\"", "$HOME", "new\nline", "emoji 🚀"])
def test_any_directory_name_will_do(root: Path, name: str) -> None:
    directory = root / name
    directory.mkdir()
    (directory / "outrig.yaml").write_text("name: x\n")
    location = find_project(directory)
    assert location is not None
    assert location.root == directory
