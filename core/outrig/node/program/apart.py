"""A directory of its own for a run, in which it finds what is in the work directory."""

from __future__ import annotations

import os


def make_apart(work: str, directory: str, outputs: list[str]) -> None:
    """Make a run's directory below the work directory, with links to what is at the top of that.

    What runs are to make (`outputs`: patterns) is not linked, or all of them would write to one
    file: a directory of that name becomes one of the run's own, empty but for its directories. Nor
    is the directory linked that the runs' directories are in.
    """
    from fnmatch import fnmatchcase

    place = os.path.join(work, directory)
    os.makedirs(place, exist_ok=True)
    normal = [os.path.normpath(path) for path in outputs]
    own = [path.split("/")[0] for path in (*normal, os.path.normpath(directory))]
    up = "../" * len(os.path.normpath(directory).split("/"))
    for name in os.listdir(work):
        if not any(name == one or fnmatchcase(name, one) for one in own):
            link(up + name, os.path.join(place, name))
    for path in normal:
        make_own(work, place, path.split("/")[:-1])


def make_own(work: str, place: str, parts: list[str]) -> None:
    """Make the directories an output is in, as far as the work directory has them."""
    path = ""
    for part in parts:
        path = os.path.join(path, part)
        if part == ".." or not os.path.isdir(os.path.join(work, path)):
            return
        os.makedirs(os.path.join(place, path), exist_ok=True)


def link(target: str, path: str) -> None:
    try:
        os.symlink(target, path)
    except FileExistsError:
        pass  # it was made by an earlier attempt
