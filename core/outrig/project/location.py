"""Finding the project that a directory belongs to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from outrig.errors import ConfigError
from outrig.project.problem import one_line

PROJECT_FILES = ("outrig.yaml", ".rayproject/project.yaml", "ray-project/project.yaml")
"""Every place of a project file, the winning one first, relative to the project's root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectLocation:
    """A project's root and its project file, relative to it. `notice` is for the user to read."""

    root: Path
    file: str
    notice: str | None = None


def working_directory() -> Path:
    """Return the working directory; raises `ConfigError` when it was removed."""
    try:
        return Path.cwd()
    except OSError as err:
        raise ConfigError(
            "the working directory is not there any more", hint="change to another one"
        ) from err


def find_project(start: Path) -> ProjectLocation | None:
    """Return the project that holds `start`, looking upwards as far as `/`; `None` without one."""
    here = Path(os.path.abspath(start))  # noqa: PTH100 - keeps symlinks, as the user sees the path
    for directory in (here, *here.parents):
        found = project_at(directory)
        if found is not None:
            return found
    return None


def project_at(root: Path) -> ProjectLocation | None:
    """Return the project whose root is this very directory, or `None`."""
    present = [file for file in PROJECT_FILES if os.path.lexists(root / file)]
    if not present:
        return None
    return ProjectLocation(root=root, file=present[0], notice=choice_notice(present))


def choice_notice(present: list[str]) -> str | None:
    """Say which of several project files counts; nothing where there is one."""
    if len(present) < 2:
        return None
    return one_line(f"several project files: {present[0]} is used, not {' and '.join(present[1:])}")
