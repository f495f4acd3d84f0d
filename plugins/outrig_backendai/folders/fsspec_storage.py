"""Folders at whatever fsspec can open: `gs://bucket/prefix`, `sftp://host/path`, …"""

from __future__ import annotations

import json
import os
import posixpath
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from outrig.errors import (
    ConfigError,
    NotFoundError,
    OutrigError,
    PluginError,
    StoreError,
    UsageError,
)
from outrig_backendai.folders.storage import PIECE_BYTES, FolderFile, Storage
from outrig_stores.api import modified_s

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WHOLE = frozenset({"abfs", "abfss", "adl", "az", "gcs", "gs", "oci", "oss", "s3", "s3a"})
"""Protocols that write a file at once or not at all; with others it is written aside."""
_ASIDE = ".outrig-arriving-"
_LINK_S = 3600


class FsspecStorage(Storage):
    """A folder that is a path of one of fsspec's file systems."""

    def __init__(self, url: str, options: str = "{}") -> None:
        """`options` is a JSON object of options for fsspec's file system."""
        self._url = url
        self._protocol = url.partition("://")[0]
        self._options = options

    def make(self) -> None:
        """See `Storage.make`."""
        with self._told(""):
            self._system.makedirs(self._root, exist_ok=True)

    def destroy(self) -> None:
        """See `Storage.destroy`."""
        with self._told(""), suppress(FileNotFoundError):
            self._system.rm(self._root, recursive=True)

    def look(self, path: str) -> FolderFile | None:
        """See `Storage.look`."""
        with self._told(path):
            try:
                return self._file(self._system.info(self._at(path)))
            except FileNotFoundError:
                empty = FolderFile(path="", is_directory=True)
                return None if path else empty  # object stores have no empty directories

    def children(self, path: str) -> Iterator[FolderFile]:
        """See `Storage.children`."""
        with self._told(path):
            self._system.invalidate_cache()
            try:
                found = self._system.ls(self._at(path), detail=True)
            except FileNotFoundError:
                if path:
                    raise
                found = []
            files = [self._file(one) for one in found]
        yield from sorted(
            (one for one in files if one.path != path and not one.name.startswith(_ASIDE)),
            key=lambda one: one.path,
        )

    def read(self, path: str, offset: int = 0, piece_bytes: int = PIECE_BYTES) -> Iterator[bytes]:
        """See `Storage.read`."""
        if self.existing(path).is_directory:
            raise UsageError(f"{path!r} is no file")
        with self._told(path), self._system.open(self._at(path), "rb") as file:
            file.seek(offset)
            while piece := file.read(piece_bytes):
                yield bytes(piece)

    def write(self, path: str, content: Iterable[bytes], *, executable: bool = False) -> None:  # noqa: ARG002 - none of these file systems has such bits
        """See `Storage.write`."""
        target = self._at(path)
        above = posixpath.dirname(target)
        whole = self._protocol in _WHOLE
        aside = target if whole else f"{above}/{_ASIDE}{os.urandom(8).hex()}"
        with self._told(path):
            self._system.makedirs(above, exist_ok=True)
            try:
                with _whole_file(self._system.open(aside, "wb")) as file:
                    for piece in content:
                        file.write(piece)
                if not whole:
                    self._system.mv(aside, target)
            except BaseException:
                if not whole:
                    with suppress(Exception):
                        self._system.rm_file(aside)
                raise

    def make_directory(self, path: str) -> None:
        """See `Storage.make_directory`."""
        with self._told(path):
            self._system.makedirs(self._at(path), exist_ok=True)

    def move(self, path: str, target: str) -> None:
        """See `Storage.move`."""
        directory = self.existing(path).is_directory
        with self._told(path):
            self._system.mv(self._at(path), self._at(target), recursive=directory)

    def remove(self, path: str) -> None:
        """See `Storage.remove`."""
        directory = self.existing(path).is_directory
        with self._told(path):
            self._system.rm(self._at(path), recursive=directory)

    def address(self, path: str) -> str:
        """See `Storage.address`: one that is signed for an hour where that is possible."""
        from fsspec import AbstractFileSystem

        if type(self._system).sign is AbstractFileSystem.sign:  # it cannot sign
            return f"{self._protocol}://{self._at(path).lstrip('/')}"
        with self._told(path):
            return str(self._system.sign(self._at(path), expiration=_LINK_S))

    @cached_property
    def _system(self) -> Any:
        """fsspec's file system; raises `ConfigError`, `PluginError`."""
        import fsspec

        try:
            options = json.loads(self._options)
            return fsspec.filesystem(self._protocol, **{"use_listings_cache": False, **options})
        except ImportError as err:
            raise PluginError(
                f"folders at {self._protocol}:// need a package that is not installed: {err}"
            ) from err
        except (ValueError, TypeError) as err:
            raise ConfigError(f"{self._url} cannot be opened: {err}") from err

    @cached_property
    def _root(self) -> str:
        return str(self._system._strip_protocol(self._url)).rstrip("/")

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root

    def _file(self, about: dict[str, Any]) -> FolderFile:
        name = str(about["name"]).rstrip("/")
        directory = about.get("type") == "directory"
        return FolderFile(
            path=name[name.index(self._root) + len(self._root) :].strip("/"),
            is_directory=directory,
            size_bytes=0 if directory else int(about.get("size") or 0),
            modified_s=modified_s(about),
            mode=int(about.get("mode") or (0o40755 if directory else 0o100644)),
        )

    @contextmanager
    def _told(self, path: str) -> Iterator[None]:
        """Turn what a file system of anybody's raises into errors that name the path."""
        what = repr(path) if path else self._url
        try:
            yield
        except OutrigError:
            raise
        except FileNotFoundError as err:
            raise NotFoundError(f"there is no {what} in the folder") from err
        except (IsADirectoryError, NotADirectoryError) as err:
            raise UsageError(f"{what}: {err.strerror or err}") from err
        except Exception as err:
            lines = str(err).splitlines() or [type(err).__name__]
            raise StoreError(f"{what} at {self._protocol}://: {lines[0]}") from err


@contextmanager
def _whole_file(file: Any) -> Iterator[Any]:
    """Close a file that is being written, so that nothing of it is kept when that failed."""
    try:
        yield file
    except BaseException:
        with suppress(Exception):
            file.discard()
        with suppress(AttributeError):  # closing one that is buffered would write what has come
            file.closed = True
        with suppress(Exception):
            file.close()
        raise
    file.close()
