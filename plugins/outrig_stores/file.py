"""The snapshot store on a local (or mounted) disk: `file:///path`.

An object is a file below the store's directory. It is written aside, brought to the disk with
fsync, and then linked to its name, so it appears whole or not at all, after a power loss too;
`fsync: false` gives up only the latter.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import ObjectInfo, ObjectStore, Settings, setting
from outrig.errors import ConfigError, NotFoundError, StoreError
from outrig_stores.keys import check_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SCHEME = "file://"
_ASIDE = ".writing"
_STALE_S = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class FileStoreSettings(Settings):
    """Settings of the store on disk."""

    fsync: bool = setting(True, help="bring every object to the disk before it counts as written")


class FileStore(ObjectStore):
    """Objects as files below one directory."""

    settings_type = FileStoreSettings

    def __init__(self, url: str, settings: Settings) -> None:
        super().__init__(url, settings)
        path = url.removeprefix(_SCHEME)
        if not path or "\0" in path or not Path(path).expanduser().is_absolute():
            raise ConfigError(f'"{url}" names no directory', hint="write it as file:///directory")
        self.root = Path(path).expanduser()
        self._sync = not isinstance(settings, FileStoreSettings) or settings.fsync
        self._swept = False

    def put(self, key: str, data: bytes | memoryview, *, if_absent: bool) -> bool:
        """Write an object; see `ObjectStore.put`."""
        target = self._path(key)
        with self._told("write", key):
            if if_absent and target.exists():
                return False
            self._make_directory(target.parent)
            aside = self._write_aside(data)
            try:
                done = self._give_name(aside, target, if_absent=if_absent)
            finally:
                with suppress(FileNotFoundError):
                    aside.unlink()
            if self._sync:
                self._sync_directory(target.parent)
        return done

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Read an object or a part of it; see `ObjectStore.get`."""
        path = self._path(key)
        with self._told("read", key), path.open("rb", buffering=0) as stream:
            wanted = os.fstat(stream.fileno()).st_size - start if length is None else length
            pieces = []
            while wanted > 0 and (data := os.pread(stream.fileno(), wanted, start)):
                pieces.append(data)
                start += len(data)
                wanted -= len(data)
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield the objects below a prefix; see `ObjectStore.list`."""
        above = prefix.rpartition("/")[0]
        start = self._path(above) if above else self.root
        with self._told("list", prefix):
            for key, entry in self._entries(str(start), above + "/" if above else "", prefix):
                with suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    yield ObjectInfo(key, status.st_size, status.st_mtime)

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a prefix, without asking for sizes."""
        above = prefix.rpartition("/")[0]
        start = self._path(above) if above else self.root
        with self._told("list", prefix):
            for key, _ in self._entries(str(start), above + "/" if above else "", prefix):
                yield key

    def _entries(
        self, directory: str, base: str, prefix: str
    ) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """Yield key and directory entry of every file whose key begins with `prefix`."""
        try:
            found = os.scandir(directory)
        except (FileNotFoundError, NotADirectoryError):
            return
        below = []
        with found:
            for entry in found:
                if entry.name.startswith("."):
                    continue
                key = base + entry.name
                if entry.is_file(follow_symlinks=False):
                    if key.startswith(prefix):
                        yield key, entry
                elif entry.is_dir(follow_symlinks=False):
                    below.append((entry.path, key + "/"))
        for path, key in below:
            if key.startswith(prefix) or prefix.startswith(key):
                yield from self._entries(path, key, prefix)

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; see `ObjectStore.delete`."""
        for key in keys:
            with self._told("delete", key), suppress(FileNotFoundError):
                self._path(key).unlink()

    def _path(self, key: str) -> Path:
        """Return the file of a key; a key can never lead out of the store."""
        check_key(key)
        return self.root / key

    def _make_directory(self, directory: Path) -> None:
        """Make a directory of the store, its own root too, for the user's eyes only."""
        try:
            directory.mkdir(mode=0o700, exist_ok=True)
        except FileNotFoundError:
            if directory == self.root:
                directory.parent.mkdir(parents=True, exist_ok=True)
            else:
                self._make_directory(directory.parent)
            directory.mkdir(mode=0o700, exist_ok=True)

    def _write_aside(self, data: bytes | memoryview) -> Path:
        aside = self.root / _ASIDE
        aside.mkdir(mode=0o700, exist_ok=True)
        if not self._swept:
            self._swept = True
            self._sweep(aside)
        file = aside / f"{os.getpid()}-{os.urandom(8).hex()}"
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(handle, "wb", buffering=0) as stream:
                rest = memoryview(data)
                while rest:
                    rest = rest[stream.write(rest) or 0 :]
                if self._sync:
                    os.fsync(stream.fileno())
        except BaseException:
            file.unlink(missing_ok=True)
            raise
        return file

    def _give_name(self, aside: Path, target: Path, *, if_absent: bool) -> bool:
        if not if_absent:
            aside.replace(target)
            return True
        try:
            target.hardlink_to(aside)
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links: two writers of one key write the same
            if target.exists():
                return False
            aside.replace(target)
        return True

    def _sweep(self, aside: Path) -> None:
        """Remove what writers that were killed left behind a day ago."""
        for left in aside.iterdir():
            with suppress(OSError):
                if left.stat().st_mtime < time.time() - _STALE_S:
                    left.unlink()

    def _sync_directory(self, directory: Path) -> None:
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    @contextmanager
    def _told(self, what: str, key: str) -> Iterator[None]:
        """Turn the system's errors into one line."""
        try:
            yield
        except FileNotFoundError as err:
            raise NotFoundError(f"there is no {key} in {self.url}") from err
        except OSError as err:
            hint = None
            if isinstance(err, PermissionError):
                hint = "the store must be writable by you, or choose another one"
            raise StoreError(
                f"cannot {what} {key or 'the store'} in {self.url}: {err.strerror or err}",
                hint=hint,
            ) from err
