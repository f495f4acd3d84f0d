"""What a snapshot would hold, without reading any content."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import ProjectError
from outrig.model.snapshot import LeftOut
from outrig.snapshot import scancache
from outrig.snapshot.directory import STAT_FIELDS, Directory, ScanOptions
from outrig.snapshot.pathname import to_text
from outrig.snapshot.walk import Walk

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.interfaces import Context

__all__ = ["LeftOut", "Preview", "PreviewFile", "ScanOptions", "preview"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewFile:
    """A file or link that the snapshot would hold; an output from outside has its full path."""

    path: str
    size_bytes: int
    output: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a snapshot would hold, and what not.

    `ignored` counts what the ignore rules leave out; a directory counts once, whatever is in it.
    `left_out` are special files; `unreadable` are directories that make the snapshot fail.
    """

    files: tuple[PreviewFile, ...] = ()
    size_bytes: int = 0
    directories: int = 0
    ignored: int = 0
    missing_outputs: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    unreadable: tuple[LeftOut, ...] = ()

    @property
    def file_count(self) -> int:
        """How many files and links."""
        return len(self.files)


def _files(directory: Directory) -> list[PreviewFile]:
    found = []
    prefix = directory.path + b"/" if directory.path else b""
    if prefix.startswith(b".outrig/outputs/"):
        prefix = prefix[len(b".outrig/outputs") :]
    for index, name in enumerate(directory.names):
        if not stat.S_ISDIR(directory.mode(index)):
            size = directory.stats[index * STAT_FIELDS + 2]
            output = bool(directory.output[index])
            found.append(PreviewFile(path=to_text(prefix + name), size_bytes=size, output=output))
    return found


def preview(root: Path, options: ScanOptions, context: Context) -> Preview:
    """Look at every file that a snapshot of `root` would hold; raises `ProjectError`."""
    real = os.path.realpath(os.fsencode(root))
    walk = Walk(real, options, scancache.load(scancache.cache_file(real, options)).directories())
    files: list[PreviewFile] = []
    directories = 0
    try:
        for directory in walk:
            context.check_cancelled()
            directories += 1
            files += _files(directory)
    except OSError as err:
        raise ProjectError(f"cannot read {root}: {err.strerror}") from err
    return Preview(
        files=tuple(files),
        size_bytes=sum(one.size_bytes for one in files),
        directories=directories - 1,
        ignored=walk.ignored,
        missing_outputs=walk.missing_outputs,
        left_out=tuple(walk.left_out),
        unreadable=tuple(walk.problems),
    )
