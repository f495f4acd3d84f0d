"""Files under a session's work directory: listing, reading, writing; never outside of it."""

from __future__ import annotations

import errno
import fnmatch
import os
import stat

from outrig.node.program.place import Refused, write_all
from outrig.node.program.runs import existing_session
from outrig.node.program.tree import Tree, checked_path, decoded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.node.program.call import Call
    from outrig.node.program.place import Root

LISTED_AT_ONCE = 5000
PIECE_BYTES = 4 << 20
MAGIC = frozenset("*?[")


def pattern_parts(pattern: str) -> list[bytes]:
    """Split a pattern at its slashes; raises `Refused` if it leads out of the work directory."""
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    if pattern.startswith("/") or ".." in parts:
        raise Refused("%r is outside the work directory" % pattern, "usage")
    return [part.encode("utf-8", "surrogateescape") for part in parts]


class Listing:
    """What some patterns name: files, directories with all under them, globs."""

    def __init__(self, top: bytes) -> None:
        self.top = top
        self.seen: set[bytes] = set()

    def under(self, path: bytes) -> Iterator[os.DirEntry[bytes]]:
        """Yield what is in a directory, by name; nothing if it is none."""
        try:
            with os.scandir(os.path.join(self.top, path)) as entries:
                yield from sorted(entries, key=entry_name)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EACCES):
                raise

    def match(self, path: bytes, parts: list[bytes]) -> Iterator[list[object]]:
        """Yield what the rest of a pattern names below `path`."""
        if not parts:
            yield from self.all_under(path)
            return
        first, rest = parts[0], parts[1:]
        if first == b"**":
            yield from self.match(path, rest)
        for entry in self.under(path):
            inside = path + b"/" + entry.name if path else entry.name
            is_directory = entry.is_dir(follow_symlinks=False)
            if first == b"**" and is_directory:
                yield from self.match(inside, parts)
            elif first != b"**" and fnmatch.fnmatchcase(entry.name, first):
                yield from self.found(inside, entry, rest, is_directory)

    def found(
        self, path: bytes, entry: os.DirEntry[bytes], rest: list[bytes], is_directory: bool
    ) -> Iterator[list[object]]:
        if not rest:
            yield from self.one(path, entry)
        if is_directory:
            yield from self.match(path, rest)

    def all_under(self, path: bytes) -> Iterator[list[object]]:
        for entry in self.under(path):
            inside = path + b"/" + entry.name if path else entry.name
            yield from self.one(inside, entry)
            if entry.is_dir(follow_symlinks=False):
                yield from self.all_under(inside)

    def one(self, path: bytes, entry: os.DirEntry[bytes]) -> Iterator[list[object]]:
        if path in self.seen:
            return
        self.seen.add(path)
        try:
            found = entry.stat(follow_symlinks=False)
            target = os.readlink(entry.path) if entry.is_symlink() else None
        except FileNotFoundError:
            return
        mode = found.st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or target is not None):
            return
        yield [
            decoded(path),
            stat.S_ISDIR(mode),
            found.st_size,
            found.st_mtime_ns,
            stat.S_ISREG(mode) and bool(mode & 0o100),
            None if target is None else decoded(target),
        ]


def entry_name(entry: os.DirEntry[bytes]) -> bytes:
    return entry.name


def handle_list_files(root: Root, call: Call) -> dict[str, object]:
    top = root.work(existing_session(root, call.text("session")))
    listing = Listing(os.fsencode(top))
    waiting: list[list[object]] = []
    for pattern in call.texts("patterns"):
        for one in listing.match(b"", pattern_parts(pattern)):
            waiting.append(one)
            if len(waiting) >= LISTED_AT_ONCE:
                call.send_fields({"files": waiting})
                waiting = []
    call.send_fields({"files": waiting})
    return {}


def resolved(work: str, path: str) -> bytes:
    """Follow symlinks, and return where they lead below the work directory; raises `Refused`."""
    checked = checked_path(path)
    top = os.fsencode(os.path.realpath(work))
    real = os.path.realpath(os.path.join(top, checked))
    if not real.startswith(top + b"/"):
        raise Refused("%s leads out of the work directory" % path, "usage")
    return real[len(top) + 1 :]


def handle_read_file(root: Root, call: Call) -> dict[str, object]:
    """Send up to 4 MiB of a file from an offset on; the answer tells which file that was."""
    path = call.text("path")
    work = root.work(existing_session(root, call.text("session")))
    parent, _, name = resolved(work, path).rpartition(b"/")
    tree = Tree(work)
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        fd = os.open(name, flags, dir_fd=tree.directory(parent))
    except FileNotFoundError:
        raise Refused("there is no file %s in the session" % path, "missing") from None
    finally:
        tree.close()
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise Refused("%s is not a file" % path, "usage")
        data = os.pread(fd, PIECE_BYTES, int(call.number("offset")))
    finally:
        os.close(fd)
    if data:
        call.send(data)
    return {"size": found.st_size, "mark": "%d.%d" % (found.st_ino, found.st_mtime_ns)}


def handle_write_file(root: Root, call: Call) -> dict[str, object]:
    """Write a file aside and move it to its place."""
    path = checked_path(call.text("path"))
    session = existing_session(root, call.text("session"))
    aside = "%s/put-%s" % (root.session(session), os.urandom(8).hex())
    mode = 0o755 if call.fields.get("executable") else 0o644
    fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        try:
            for data in call.receive():
                write_all(fd, data)
        finally:
            os.close(fd)
        move_into_work(root.work(session), aside, path)
    except BaseException:
        os.unlink(aside)
        raise
    return {}


def move_into_work(work: str, aside: str, path: bytes) -> None:
    """Rename a file to its place below the work directory, making directories."""
    parent, _, name = path.rpartition(b"/")
    tree = Tree(work)
    try:
        done = b""
        for part in parent.split(b"/") if parent else ():
            done = done + b"/" + part if done else part
            if tree.look(done) is None:
                tree.make_directory(done)
        os.rename(aside, name, dst_dir_fd=tree.directory(parent))
    except (NotADirectoryError, IsADirectoryError) as error:
        raise Refused("%s cannot be written: %s" % (decoded(path), error.strerror)) from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Refused("%s leads over a symlink" % decoded(path), "usage") from None
        raise
    finally:
        tree.close()
