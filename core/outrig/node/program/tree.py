"""A work directory, entered by descriptors so that no symlink leads out of it."""

from __future__ import annotations

import errno
import os
import stat
from collections import OrderedDict

from outrig.node.program.place import Refused

OPEN_DIRECTORIES = 128
DIRECTORY_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def encoded(path: str) -> bytes:
    """Return a path from the wire as the bytes that name it on disk."""
    return path.encode("utf-8", "surrogateescape")


def decoded(path: bytes) -> str:
    """Return a path as it goes over the wire."""
    return path.decode("utf-8", "surrogateescape")


def checked_path(path: object) -> bytes:
    """Return a relative path that stays below where it begins; raises `Refused`."""
    if isinstance(path, str) and 0 < len(path) <= 4096 and "\0" not in path:
        inside = "/%s/" % path
        plain = "//" not in inside and "/." not in inside  # so are nearly all, and it is quicker
        if plain or not any(part in ("", ".", "..") for part in path.split("/")):
            return encoded(path)
    raise Refused("path %r leads out of the work directory" % (path,), "usage")


class Tree:
    """A directory and what is below it."""

    def __init__(self, top: str) -> None:
        self.top = os.open(top, DIRECTORY_FLAGS)
        self.open: OrderedDict[bytes, int] = OrderedDict()

    def close(self) -> None:
        """Close all descriptors."""
        for fd in self.open.values():
            os.close(fd)
        self.open.clear()
        os.close(self.top)

    def directory(self, path: bytes) -> int:
        """Return a descriptor of a directory below the top; it belongs to the tree."""
        if not path:
            return self.top
        fd = self.open.get(path)
        if fd is not None:
            self.open.move_to_end(path)
            return fd
        parent, _, name = path.rpartition(b"/")
        fd = os.open(name, DIRECTORY_FLAGS, dir_fd=self.directory(parent))
        self.open[path] = fd
        if len(self.open) > OPEN_DIRECTORIES:
            os.close(self.open.popitem(last=False)[1])
        return fd

    def forget(self, path: bytes) -> None:
        """Close what is at `path` or below: it is about to be removed or replaced."""
        inside = path + b"/"
        for name in [one for one in self.open if one == path or one.startswith(inside)]:
            os.close(self.open.pop(name))

    def look(self, path: bytes) -> os.stat_result | None:
        """Return what is at `path` itself, `None` if nothing is."""
        parent, _, name = path.rpartition(b"/")
        try:
            return os.stat(name, dir_fd=self.directory(parent), follow_symlinks=False)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                return None
            raise

    def unlink(self, path: bytes) -> None:
        """Remove a file or symlink."""
        parent, _, name = path.rpartition(b"/")
        os.unlink(name, dir_fd=self.directory(parent))

    def remove_directory(self, path: bytes) -> bool:
        """Remove a directory if it is empty."""
        parent, _, name = path.rpartition(b"/")
        self.forget(path)
        try:
            os.rmdir(name, dir_fd=self.directory(parent))
        except OSError:
            return False
        return True

    def make_directory(self, path: bytes) -> None:
        """Make one directory; what stands there and is none makes way."""
        parent, _, name = path.rpartition(b"/")
        found = self.look(path)
        if found is not None and stat.S_ISDIR(found.st_mode):
            return
        if found is not None:
            self.unlink(path)
        os.mkdir(name, 0o755, dir_fd=self.directory(parent))

    def make_directories(self, path: bytes) -> None:
        """Make a directory and all above it."""
        done = b""
        for part in path.split(b"/") if path else ():
            done = done + b"/" + part if done else part
            self.make_directory(done)

    def remove_all(self, path: bytes) -> None:
        """Remove what is at `path`, with everything below."""
        found = self.look(path)
        if found is None:
            return
        if not stat.S_ISDIR(found.st_mode):
            self.unlink(path)
            return
        fd = self.directory(path)
        if stat.S_IMODE(found.st_mode) & 0o700 != 0o700:
            os.fchmod(fd, 0o700)
        for name in os.listdir(fd):
            self.remove_all(path + b"/" + os.fsencode(name))
        self.remove_directory(path)
