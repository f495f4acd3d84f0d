"""Where things are below the node root, and how files there are written."""

from __future__ import annotations

import errno
import os

NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


class Refused(Exception):  # noqa: N818 - it is an answer, not a fault of the program
    """A request that cannot be done. `kind` names the error that the client raises."""

    def __init__(self, message: str, kind: str = "remote", hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.hint = hint


def checked_name(what: str, name: object) -> str:
    """Return `name` if it can be a directory's name below the root; raises `Refused`."""
    if (
        not isinstance(name, str)
        or not 0 < len(name) <= 128
        or name[0] in ".-"
        or not NAME_CHARACTERS.issuperset(name)
    ):
        raise Refused("%s id %r is not one" % (what, str(name)[:80]), "usage")
    return name


class Root:
    """The node root: one per user and machine, shared by all sessions and clients."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def make(self) -> None:
        """Make the directories that everything else stands in."""
        for part in ("", "/inbox", "/batch", "/r", "/s", "/env", "/trash", "/kept"):
            os.makedirs(self.path + part, mode=0o700, exist_ok=True)

    def run(self, run_id: str) -> str:
        return self.path + "/r/" + run_id

    def session(self, session_id: str) -> str:
        return self.path + "/s/" + session_id

    def work(self, session_id: str) -> str:
        return self.path + "/s/" + session_id + "/work"

    def inbox(self) -> str:
        return self.path + "/inbox"

    def batch(self, batch_id: str) -> str:
        return self.path + "/batch/" + batch_id

    def environment(self, digest: str) -> str:
        return self.path + "/env/" + digest

    def kept(self) -> str:
        return self.path + "/kept"

    def keeper_lock(self) -> str:
        return self.path + "/keeper.lock"

    def wake(self) -> str:
        return self.path + "/wake"

    def discard(self, path: str) -> None:
        """Remove a directory: from one moment to the next it is gone from its place."""
        aside = "%s/trash/%s" % (self.path, os.urandom(8).hex())
        try:
            os.rename(path, aside)
        except FileNotFoundError:
            return
        remove_tree(aside)


def find_program(name: str, path: str | None = None) -> str | None:
    """Return where a program is on PATH; importing shutil for it would cost too much."""
    for directory in (path or os.environ.get("PATH") or os.defpath).split(os.pathsep):
        place = os.path.join(directory or ".", name)
        if os.access(place, os.X_OK) and os.path.isfile(place):
            return place
    return None


def read_whole(path: str) -> bytes | None:
    """Return a file's content, `None` if there is no such file."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        parts: list[bytes] = []
        while True:
            part = os.read(fd, 1 << 20)
            if not part:
                return b"".join(parts)
            parts.append(part)
    finally:
        os.close(fd)


def write_all(fd: int, data: bytes | memoryview) -> None:
    """Write every byte of `data`."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def write_file(path: str, data: bytes, flags: int) -> None:
    """Write `data` to a file opened with `flags` besides write and create."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | flags, 0o600)
    try:
        write_all(fd, data)
    finally:
        os.close(fd)


def write_whole(path: str, data: bytes) -> None:
    """Write a file so that it is either the old one or the new one, whole."""
    aside = "%s.%d-%s" % (path, os.getpid(), os.urandom(4).hex())
    try:
        write_file(aside, data, os.O_EXCL)
        os.rename(aside, path)
    except OSError:
        remove_file(aside)
        raise


def mark(path: str, data: bytes) -> None:
    """Write a file of which it counts most that it is there: on a full disk an empty one."""
    try:
        write_whole(path, data)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        write_file(path, b"", 0)


def append_line(path: str, line: bytes) -> None:
    """Add a line in one write, so that lines of several writers never mix."""
    write_file(path, line, os.O_APPEND)


def remove_file(path: str) -> None:
    """Remove a file; a missing one is fine."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def exists(path: str) -> bool:
    """Whether there is something at `path`, without following a last symlink."""
    try:
        os.lstat(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return False
        raise
    return True


def remove_tree(path: str) -> None:
    """Remove a directory with all in it, also what its owner may not write; missing is fine."""
    import shutil

    def allow_and_retry(_function: object, name: str, _info: object) -> None:
        try:
            os.chmod(os.path.dirname(name), 0o700)
            if os.path.isdir(name) and not os.path.islink(name):
                os.chmod(name, 0o700)
                shutil.rmtree(name, ignore_errors=True)
            else:
                os.unlink(name)
        except OSError:
            pass

    if exists(path):
        shutil.rmtree(path, onerror=allow_and_retry)
