"""The files that `run` sends: which, and where they go below `/home/work`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file here, by its absolute path, and its path relative to `/home/work`."""

    here: str
    inside: str


def sources(words: Sequence[str], basedir: str | None) -> tuple[Source, ...]:
    """Return the files to send, of directories all; each keeps its path relative to the base.

    Raises `NotFoundError`, and `UsageError` for what is not below the base directory.
    """
    base = Path(basedir or ".")
    if not base.is_dir():
        raise NotFoundError(f"--basedir {base} is not a directory")
    return tuple(one for word in words for one in _sources(word, base))


def _sources(word: str, base: Path) -> list[Source]:
    here = Path(word)
    if not here.exists():
        raise NotFoundError(f"{word} does not exist")
    if here.is_dir():
        files = sorted(one for one in here.rglob("*") if one.is_file())
        if not files:
            raise UsageError(f"{word} holds no files")
        return [_source(str(one), one, base) for one in files]
    return [_source(word, here, base)]


def _source(word: str, here: Path, base: Path) -> Source:
    # Links on the way are not followed: the name that was given counts.
    whole = os.path.abspath(here)  # noqa: PTH100
    inside = os.path.relpath(whole, os.path.abspath(base))  # noqa: PTH100
    if inside == os.pardir or inside.startswith(os.pardir + os.sep):
        raise UsageError(
            f"{word} is not below {base.absolute()}",
            hint="name the directory that paths are relative to: --basedir DIR",
        )
    return Source(here=whole, inside=inside)
