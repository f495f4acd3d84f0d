"""What the tests of project files share: a way to write one and to read what a user would see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.project.location import ProjectLocation, find_project
from outrig.project.reading import load_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrig.model.project import Project


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project root, which is also the working directory."""
    directory = tmp_path / "project"
    directory.mkdir()
    monkeypatch.chdir(directory)
    return directory


@pytest.fixture
def read(root: Path) -> Callable[..., Project]:
    """Writes a project file and reads it."""

    def write_and_read(text: str | bytes, file: str = "outrig.yaml") -> Project:
        path = root / file
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_project(ProjectLocation(root=root, file=file))

    return write_and_read


@pytest.fixture
def found(root: Path) -> Callable[[], Project]:
    """Finds and reads the project of the working directory."""

    def find_and_read() -> Project:
        location = find_project(root)
        assert location is not None
        return load_project(location)

    return find_and_read
