"""Whether an output lies in a directory that the ignore rules leave out."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from outrig.snapshot.directory import OPEN_DIRECTORY

if TYPE_CHECKING:
    from outrig.snapshot.outputs import OutputState

MAX_DEPTH = 500
"""Levels; each holds one descriptor open while it is walked."""


def leads_to_output(fd: int, name: bytes, state: OutputState, depth: int = 0) -> bool:
    """Say whether an output lies below the directory `name`, which the ignore rules leave out."""
    try:
        below = os.open(name, OPEN_DIRECTORY, dir_fd=fd)
    except OSError:
        return depth == 0  # the walk itself says what is wrong with it
    try:
        if not state.wants_all_names():
            names = [(one, _is_directory(below, one)) for one in state.literal_names()]
        else:
            with os.scandir(below) as found:
                names = [
                    (os.fsencode(one.name), one.is_dir(follow_symlinks=False)) for one in found
                ]
        for one, is_directory in names:
            if is_directory is None:
                continue
            inner = state.enter(one)
            if inner.inside or (
                is_directory
                and inner.open
                and depth < MAX_DEPTH
                and leads_to_output(below, one, inner, depth + 1)
            ):
                return True
        return False
    finally:
        os.close(below)


def _is_directory(fd: int, name: bytes) -> bool | None:
    """Say whether a name is a directory, `None` when nothing is there."""
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode)
    except OSError:
        return None
