"""Folders in directories of this computer.

What is in a folder may have been written by a program in a session, so no path is trusted: links
are followed only where they stay in the folder, and directories are opened one below the other.
"""

from __future__ import annotations

import os
import shutil
import stat
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.errors import ConflictError, NotFoundError, OutrigError, UsageError
from outrig_backendai.folders.storage import PIECE_BYTES, FolderFile, Storage
from outrig_backendai.place.work_user import work_user

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ASIDE = ".outrig-arriving-"
_STALE_S = 86400.0
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class LocalStorage(Storage):
    """A folder that is a directory."""

    def __init__(self, root: Path, *, managed: bool = True) -> None:
        """`managed` tells that the directory is ours: made and removed with the folder."""
        self.local: Path = root
        self._managed = managed

    def make(self) -> None:
        """See `Storage.make`."""
        with self._told(""):
            if self._managed:
                self.local.mkdir(mode=0o700, parents=True, exist_ok=True)
                if os.geteuid() == 0:
                    os.chown(self.local, *work_user())
            elif not self.local.is_dir():
                raise NotFoundError(f"there is no directory {self.local}")

    def destroy(self) -> None:
        """See `Storage.destroy`."""
        if self._managed:
            with self._told(""), suppress(FileNotFoundError):
                shutil.rmtree(self.local)

    def look(self, path: str) -> FolderFile | None:
        """See `Storage.look`."""
        try:
            parts = self._parts(path)
            with self._told(path), self._opened(parts[:-1]) as above:
                found = os.stat(parts[-1] if parts else ".", dir_fd=above, follow_symlinks=False)
        except NotFoundError:
            return None
        return _file(path, found)

    def children(self, path: str) -> Iterator[FolderFile]:
        """See `Storage.children`."""
        with self._told(path), self._opened(self._parts(path)) as directory:
            with os.scandir(directory) as entries:
                names = sorted(one.name for one in entries if not one.name.startswith(_ASIDE))
            found = []
            for name in names:
                with suppress(FileNotFoundError):
                    status = os.stat(name, dir_fd=directory, follow_symlinks=False)
                    found.append(_file(f"{path}/{name}" if path else name, status))
        yield from found

    def read(self, path: str, offset: int = 0, piece_bytes: int = PIECE_BYTES) -> Iterator[bytes]:
        """See `Storage.read`."""
        parts = self._parts(path)
        with self._told(path), self._opened(parts[:-1]) as above:
            if not parts:
                raise UsageError("the folder itself is no file")
            handle = os.open(parts[-1], _READ, dir_fd=above)
            try:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise UsageError(f"{path!r} is no file")
                while piece := os.pread(handle, piece_bytes, offset):
                    offset += len(piece)
                    yield piece
            finally:
                os.close(handle)

    def write(self, path: str, content: Iterable[bytes], *, executable: bool = False) -> None:
        """See `Storage.write`."""
        above_path, _, name = path.rpartition("/")
        self.make_directory(above_path)
        mode = 0o755 if executable else 0o644
        with self._told(path), self._opened(self._parts(above_path)) as above:
            _clear_stale(above)
            aside = f"{_ASIDE}{os.urandom(8).hex()}"
            handle = os.open(aside, _NEW, mode, dir_fd=above)
            try:
                with open(handle, "wb", buffering=0) as file:  # noqa: PTH123 - a descriptor
                    for piece in content:
                        _write_all(file.fileno(), piece)
                    self._give(file.fileno())
                os.replace(aside, name, src_dir_fd=above, dst_dir_fd=above)
            except BaseException:
                with suppress(OSError):
                    os.unlink(aside, dir_fd=above)
                raise

    def make_directory(self, path: str) -> None:
        """See `Storage.make_directory`."""
        done = ""
        for part in path.split("/") if path else ():
            with (
                self._told(path),
                self._opened(self._parts(done)) as above,
                suppress(FileExistsError),
            ):
                os.mkdir(part, 0o755, dir_fd=above)
                with _open(part, _DIRECTORY, above) as made:
                    self._give(made)
            done = f"{done}/{part}" if done else part
        found = self.look(path)
        if found is not None and not found.is_directory:
            raise UsageError(f"{path!r} is no directory")

    def move(self, path: str, target: str) -> None:
        """See `Storage.move`."""
        above, name = self._split(path)
        target_above, target_name = self._split(target)
        with (
            self._told(path),
            self._opened(above) as source,
            self._opened(target_above) as destination,
        ):
            os.replace(name, target_name, src_dir_fd=source, dst_dir_fd=destination)

    def remove(self, path: str) -> None:
        """See `Storage.remove`."""
        above, name = self._split(path)
        with self._told(path), self._opened(above) as directory:
            found = os.stat(name, dir_fd=directory, follow_symlinks=False)
            if stat.S_ISDIR(found.st_mode):
                shutil.rmtree(name, dir_fd=directory)
            else:
                os.unlink(name, dir_fd=directory)

    def address(self, path: str) -> str:
        """See `Storage.address`."""
        return Path(os.path.realpath(self.local), *self._parts(path)).as_uri()

    def _give(self, handle: int) -> None:
        """Let what root has made belong to whom the folder does: sessions never run as root."""
        if os.geteuid() == 0:
            owner = self.local.stat()
            os.fchown(handle, owner.st_uid, owner.st_gid)

    def _split(self, path: str) -> tuple[list[str], str]:
        """Return the way to the directory that a path is in, and its name there."""
        if not path:
            raise UsageError("that is the folder itself")
        above, _, name = path.rpartition("/")
        return self._parts(above), name

    def _parts(self, path: str) -> list[str]:
        """Return the way to a path with its links followed; raises `UsageError` if one leads out.

        It is opened again without following any, so what changes meanwhile is refused.
        """
        root = os.path.realpath(self.local)
        real = os.path.realpath(os.path.join(root, path))  # noqa: PTH118 - names may be any bytes
        if real != root and not real.startswith(f"{root}/"):
            raise UsageError(f"{path!r} leads out of the folder over a link")
        return real[len(root) + 1 :].split("/") if real != root else []

    @contextmanager
    def _opened(self, parts: list[str]) -> Iterator[int]:
        """Open a directory below the folder, following no link."""
        handle = os.open(os.path.realpath(self.local), _DIRECTORY)
        try:
            for part in parts:
                below = os.open(part, _DIRECTORY, dir_fd=handle)
                os.close(handle)
                handle = below
            yield handle
        finally:
            os.close(handle)

    @contextmanager
    def _told(self, path: str) -> Iterator[None]:
        """Turn what the system says into errors that name the path."""
        what = repr(path) if path else str(self.local)
        try:
            yield
        except FileNotFoundError as err:
            raise NotFoundError(f"there is no {what} in the folder") from err
        except FileExistsError as err:
            raise ConflictError(f"{what} exists already") from err
        except (NotADirectoryError, IsADirectoryError) as err:
            raise UsageError(f"{what}: {err.strerror}") from err
        except OSError as err:
            raise OutrigError(f"{what}: {err.strerror}", hint=_hint(err)) from err


@contextmanager
def _open(name: str, flags: int, above: int) -> Iterator[int]:
    handle = os.open(name, flags, dir_fd=above)
    try:
        yield handle
    finally:
        os.close(handle)


def _hint(err: OSError) -> str | None:
    import errno

    return "free some disk space" if err.errno in (errno.ENOSPC, errno.EDQUOT) else None


def _file(path: str, found: os.stat_result) -> FolderFile:
    return FolderFile(
        path=path,
        is_directory=stat.S_ISDIR(found.st_mode),
        size_bytes=found.st_size,
        modified_s=found.st_mtime,
        mode=found.st_mode,
        is_link=stat.S_ISLNK(found.st_mode),
    )


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _clear_stale(directory: int) -> None:
    """Remove what writers left that were killed a day ago or earlier."""
    with os.scandir(directory) as entries:
        left = [one.name for one in entries if one.name.startswith(_ASIDE)]
    for name in left:
        with suppress(OSError):
            age_s = time.time() - os.stat(name, dir_fd=directory, follow_symlinks=False).st_mtime
            if age_s > _STALE_S:
                os.unlink(name, dir_fd=directory)
