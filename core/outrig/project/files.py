"""Where a project's files are read from: the disk, or a snapshot of it."""

from __future__ import annotations

import os
import posixpath
from abc import ABC, abstractmethod
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.errors import ProjectError
from outrig.project.problem import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

MAX_BYTES = 1 << 20
"""Largest project or cluster file that is read, in bytes."""


class FileKind(Enum):
    """What stands at a path."""

    FILE = "file"
    DIRECTORY = "directory"
    OTHER = "other"
    MISSING = "missing"


class ProjectFiles(ABC):
    """A project's files; paths are relative to its root, `/`-separated."""

    @abstractmethod
    def kind(self, path: str) -> FileKind:
        """Tell what stands at `path`, following symlinks; never raises."""

    @abstractmethod
    def read(self, path: str) -> bytes:
        """Return a file's content, up to one byte over `MAX_BYTES`; raises `ProjectError`."""

    @abstractmethod
    def label(self, path: str) -> str:
        """Return the path as messages show it."""


class DiskFiles(ProjectFiles):
    """The files below a directory on this computer."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def kind(self, path: str) -> FileKind:
        """See `ProjectFiles.kind`."""
        try:
            target = self._target(path)
            if target.is_file():
                return FileKind.FILE
            if target.is_dir():
                return FileKind.DIRECTORY
            return FileKind.OTHER if os.path.lexists(target) else FileKind.MISSING
        except (OSError, ValueError):  # too long a name, a symlink loop, a NUL
            return FileKind.MISSING

    def read(self, path: str) -> bytes:
        """See `ProjectFiles.read`."""
        kind = self.kind(path)
        if kind not in (FileKind.FILE, FileKind.MISSING):  # opening a FIFO would wait for ever
            raise ProjectError(f"{self.label(path)}: is a {_noun(kind)}, expected a file")
        try:
            with self._target(path).open("rb") as file:
                return file.read(MAX_BYTES + 1)
        except (OSError, ValueError) as err:
            reason = err.strerror if isinstance(err, OSError) else str(err)
            raise ProjectError(f"{self.label(path)}: cannot be read: {reason}") from err

    def label(self, path: str) -> str:
        """See `ProjectFiles.label`: relative where the working directory is above, else whole."""
        target = self._root / path
        try:
            return one_line(str(target.relative_to(Path.cwd())))
        except (OSError, ValueError):
            return one_line(str(target))

    def _target(self, path: str) -> Path:
        return self._root / os.path.expanduser(path)  # noqa: PTH111 - no error without a home


class SnapshotFiles(ProjectFiles):
    """The files of a snapshot: the paths that are in it, and a reader for their content.

    Cluster files may lie outside a project, hence outside its snapshot; those are on the disk.
    """

    def __init__(
        self, paths: Collection[str], read: Callable[[str], bytes], name: str, root: Path
    ) -> None:
        self._paths = frozenset(posixpath.normpath(path) for path in paths)
        self._read = read
        self._name = name
        self._disk = DiskFiles(root)

    @classmethod
    def of(cls, content: Mapping[str, bytes], name: str = "snapshot") -> SnapshotFiles:
        """Make one of files that are in memory."""
        return cls(content, content.__getitem__, name, Path("/"))

    def kind(self, path: str) -> FileKind:
        """See `ProjectFiles.kind`."""
        if leaves_root(path):
            return self._disk.kind(path)
        inside = posixpath.normpath(path)
        if any(one.startswith(inside + "/") for one in self._paths):
            return FileKind.DIRECTORY
        return FileKind.FILE if inside in self._paths else FileKind.MISSING

    def read(self, path: str) -> bytes:
        """See `ProjectFiles.read`."""
        if leaves_root(path):
            return self._disk.read(path)
        kind = self.kind(path)
        if kind is not FileKind.FILE:
            raise ProjectError(f"{self.label(path)}: is {_noun(kind)}, expected a file")
        return self._read(posixpath.normpath(path))[: MAX_BYTES + 1]

    def label(self, path: str) -> str:
        """See `ProjectFiles.label`."""
        return one_line(f"{self._name}/{path}")


def leaves_root(path: str) -> bool:
    """Whether a path of a project file points outside the project."""
    normal = posixpath.normpath(path)
    return path.startswith(("/", "~")) or normal == ".." or normal.startswith("../")


def _noun(kind: FileKind) -> str:
    return "special file" if kind is FileKind.OTHER else kind.value
