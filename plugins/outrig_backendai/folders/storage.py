"""What can be done with the files of a folder, wherever they are kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PIECE_BYTES = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderFile:
    """What is at one path of a folder; `path` is relative to the folder, "" for the folder itself.

    `modified_s` is in seconds since 1970, 0 where it is not known. `is_link` is a symbolic link,
    which is never followed out of the folder.
    """

    path: str
    is_directory: bool
    size_bytes: int = 0
    modified_s: float = 0.0
    mode: int = 0
    is_link: bool = False

    @property
    def name(self) -> str:
        """The last part of the path."""
        return PurePosixPath(self.path).name


class Storage(ABC):
    """The files of one folder. Paths are relative to it and were checked by `inside`.

    Methods raise `NotFoundError` for what is not there, `UsageError` for what cannot be done with
    it, `OutrigError` for what fails.
    """

    local: Path | None = None
    """Its directory on this computer, where it is on this computer."""

    @abstractmethod
    def make(self) -> None:
        """Make the place; nothing happens where there is one."""

    @abstractmethod
    def destroy(self) -> None:
        """Remove all files and the place; nothing happens where there is none."""

    @abstractmethod
    def look(self, path: str) -> FolderFile | None:
        """Return what is at a path; a link is followed."""

    @abstractmethod
    def children(self, path: str) -> Iterator[FolderFile]:
        """Yield what is in a directory, by name."""

    @abstractmethod
    def read(self, path: str, offset: int = 0, piece_bytes: int = PIECE_BYTES) -> Iterator[bytes]:
        """Yield a file's content from an offset on, in pieces of at most so many bytes."""

    @abstractmethod
    def write(self, path: str, content: Iterable[bytes], *, executable: bool = False) -> None:
        """Write a file whole or not at all, over what is there; directories are made."""

    @abstractmethod
    def make_directory(self, path: str) -> None:
        """Make a directory and those above it."""

    @abstractmethod
    def move(self, path: str, target: str) -> None:
        """Give a file or a directory another path; a file there is replaced."""

    @abstractmethod
    def remove(self, path: str) -> None:
        """Remove a file, or a directory with all in it; a link itself."""

    @abstractmethod
    def address(self, path: str) -> str:
        """Return a URL that a file can be fetched from."""

    def walk(self, path: str = "") -> Iterator[FolderFile]:
        """Yield all files and directories below a path, parents first; links are not followed."""
        for one in self.children(path):
            yield one
            if one.is_directory and not one.is_link:
                yield from self.walk(one.path)

    def existing(self, path: str) -> FolderFile:
        """Return what is at a path; raises `NotFoundError`."""
        found = self.look(path)
        if found is None:
            raise NotFoundError(f"there is no {path!r} in the folder")
        return found


def inside(path: str) -> str:
    """Return a path below a folder in its plain form, "" for the folder itself.

    Raises `UsageError` for one that would lead out of it.
    """
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\0" in path:
        raise UsageError(
            f"{path!r} leads out of the folder", hint="write paths relative to the folder"
        )
    text = str(pure)
    return "" if text == "." else text
