"""What makes two directories the same project: an id file, else the real path."""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING

from outrig.ids import new_id

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.model.project import Project

ID_FILES = (".outrig/id", ".rayproject/project-id")
"""Where a project's id is written, relative to its root; the first that is there counts."""

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def project_identity(project: Project) -> str:
    """Return the id by which sessions and snapshots belong to a project: at most 160 bytes."""
    return root_identity(project.root)


def root_identity(root: Path) -> str:
    """Return the id of the project at a root, without reading its project file.

    A plain number, as the `any` client wrote, is unique only in its own database, so the project's
    real path is added to it.
    """
    real = hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()
    found = written_id(root)
    if found is None:
        return f"path-{real[:32]}"
    return f"any-{found}-{real[:16]}" if found.isdigit() else found


def written_id(root: Path) -> str | None:
    """Return the id in a project's id file, or `None` where there is none that makes sense."""
    for file in ID_FILES:
        try:
            with (root / file).open("rb") as stream:
                text = stream.read(200).decode("ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
        if _ID.fullmatch(text):
            return text
    return None


def fresh_id() -> str:
    """Return an id that no other project has."""
    return new_id()
