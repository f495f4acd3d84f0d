"""The directory a snapshot is restored into. Everything in it is reached by descriptors, never
through a link, so nothing can be written elsewhere."""

from __future__ import annotations

import os
import stat
from collections import OrderedDict
from typing import TYPE_CHECKING

from outrig.errors import ConflictError
from outrig.model.snapshot import Entry, EntryKind
from outrig.snapshot.manifest import CHUNK
from outrig.snapshot.pathname import display, to_bytes

if TYPE_CHECKING:
    from pathlib import Path

_OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_AT_ONCE = 64


class Target:
    """An open directory, with the descriptors of the sub-directories used last.

    With `staging`, a descriptor of a directory on the same file system, files are written there
    and renamed when whole.
    """

    def __init__(self, root: int, staging: int | None, number: int = -1) -> None:
        self._root = os.dup(root)
        self._staging = None if staging is None else os.dup(staging)
        self._open: OrderedDict[bytes, int] = OrderedDict()
        self._partial: dict[str, tuple[bytes, int]] = {}
        self._mine = b"%d-" % number
        self._number = 0

    @classmethod
    def of(cls, directory: Path, staging: int | None) -> Target:
        """Open a directory by its path."""
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            return cls(fd, staging)
        finally:
            os.close(fd)

    def beside(self, number: int) -> Target:
        """Return the same target for another thread, which is given a number of its own."""
        return Target(self._root, self._staging, number)

    def close(self) -> None:
        """Let go of all descriptors."""
        for fd in (*self._open.values(), self._root, self._staging):
            if fd is not None:
                os.close(fd)
        self._open.clear()

    def directory(self, path: bytes) -> int:
        """Return a descriptor of the directory at `path`, good until other ones are asked for."""
        if not path:
            return self._root
        fd = self._open.get(path)
        if fd is not None:
            self._open.move_to_end(path)
            return fd
        above, _, name = path.rpartition(b"/")
        fd = os.open(name, _OPEN_DIRECTORY, dir_fd=self.directory(above))
        self._open[path] = fd
        if len(self._open) > _OPEN_AT_ONCE:
            os.close(self._open.popitem(last=False)[1])
        return fd

    def place(self, path: str) -> tuple[int, bytes]:
        """Return the directory's descriptor and the name of a path."""
        above, _, name = to_bytes(path).rpartition(b"/")
        return self.directory(above), name

    def status(self, path: str) -> os.stat_result | None:
        """Return how a path stands, `None` when nothing is there."""
        try:
            fd, name = self.place(path)
            return os.stat(name, dir_fd=fd, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as err:
            if os.name == "posix" and err.errno == 40:  # ELOOP: a link on the way
                return None
            raise

    def link_target(self, path: str) -> bytes:
        """Return where a link points."""
        fd, name = self.place(path)
        return os.readlink(name, dir_fd=fd)

    def open_file(self, path: str) -> int:
        """Open a file that is there for reading."""
        fd, name = self.place(path)
        return os.open(name, _OPEN_FILE, dir_fd=fd)

    def make_directory(self, path: str) -> None:
        """Make a directory; one that is there stays, a file or link in its place is removed."""
        fd, name = self.place(path)
        try:
            os.mkdir(name, dir_fd=fd)
        except FileExistsError:
            status = os.stat(name, dir_fd=fd, follow_symlinks=False)
            if not stat.S_ISDIR(status.st_mode):
                os.unlink(name, dir_fd=fd)
                os.mkdir(name, dir_fd=fd)

    def write_chunk(self, entry: Entry, index: int, data: bytes) -> bool:
        """Write one chunk of a file; says whether the file is whole now."""
        mode = 0o777 if entry.executable else 0o666
        if len(entry.chunks) <= 1:
            fd, name = self._begin(entry.path, mode)
            left = 0
        else:
            known = self._partial.get(entry.path)
            if known is None:
                fd, name = self._begin(entry.path, mode)
                left = len(entry.chunks)
            else:
                name, left = known
                fd = os.open(name, _CREATE, mode, dir_fd=self._where(entry.path))
            left -= 1
            self._partial[entry.path] = (name, left)
        try:
            _write_all(fd, data, index * CHUNK)
            if not left:
                os.utime(fd, ns=(entry.mtime_ns, entry.mtime_ns))
        finally:
            os.close(fd)
        if left:
            return False
        self._partial.pop(entry.path, None)
        self._put_in_place(name, entry.path)
        return True

    def _where(self, path: str) -> int:
        return self._staging if self._staging is not None else self.place(path)[0]

    def _begin(self, path: str, mode: int) -> tuple[int, bytes]:
        """Create the file that a path's content is written to."""
        where, name = self.place(path)
        if self._staging is not None:
            self._number += 1
            where, name = self._staging, self._mine + b"%d" % self._number
        return os.open(name, _CREATE | os.O_EXCL, mode, dir_fd=where), name

    def _put_in_place(self, staged: bytes, path: str) -> None:
        if self._staging is None:
            return
        fd, name = self.place(path)
        try:
            os.rename(staged, name, src_dir_fd=self._staging, dst_dir_fd=fd)
        except IsADirectoryError as err:
            raise ConflictError(f"{display(path)} is a directory there, a file here") from err

    def make_link(self, entry: Entry) -> None:
        """Make a symbolic link."""
        target = to_bytes(entry.target or "")
        fd, name = self.place(entry.path)
        where, made = fd, name
        if self._staging is not None:
            self._number += 1
            where, made = self._staging, self._mine + b"%d" % self._number
        os.symlink(target, made, dir_fd=where)
        times = (entry.mtime_ns, entry.mtime_ns)
        os.utime(made, ns=times, dir_fd=where, follow_symlinks=False)
        self._put_in_place(made, entry.path)

    def set_times(self, entry: Entry) -> None:
        """Give a directory its time."""
        if entry.kind is EntryKind.DIRECTORY:
            fd = self.directory(to_bytes(entry.path))
            os.utime(fd, ns=(entry.mtime_ns, entry.mtime_ns))


def _write_all(fd: int, data: bytes, offset: int) -> None:
    """Write all of `data` at `offset`."""
    done = os.pwrite(fd, data, offset) if offset else os.write(fd, data)
    while done < len(data):
        done += os.pwrite(fd, memoryview(data)[done:], offset + done)
