"""Making a work directory equal to a manifest, in steps that may be cut short anywhere."""

from __future__ import annotations

import os
import stat
import struct

from outrig.node.program.manifest import (
    DIRECTORY,
    SYMLINK,
    Applied,
    Item,
    is_there,
    signature_of,
)
from outrig.node.program.parts import Parts
from outrig.node.program.place import Refused, remove_tree, write_all
from outrig.node.program.tree import Tree, decoded
from outrig.node.program.wire import MAX_FRAME
from outrig.node.program.zstd import found_zstd

PACK_HEAD = struct.Struct(">II")
PACK_PLACE = struct.Struct(">III")
NOTE_EVERY = 256


class Applying:
    """One sync of one work directory."""

    def __init__(
        self, directory: str, applied: Applied, items: list[Item], wanted: dict[bytes, Item]
    ) -> None:
        self.tree = Tree(directory + "/work")
        self.aside = Parts(directory + "/aside")
        self.applied = applied
        self.items = items
        self.wanted = wanted
        self.stale: list[int] = []
        self.parts: dict[int, int] = {}
        self.places: dict[int, list[tuple[int, int]]] = {}
        self.order: dict[object, int] = {}
        self.notes: list[str] = []
        self.written = 0
        self.removed = 0

    def compare(self) -> None:
        """Find what is not yet as it should be."""
        for number, item in enumerate(self.items):
            old = self.applied.items.get(item.path)
            found = self.tree.look(item.path) if old is not None else None
            same = old is not None and old.same_content(item) and is_there(old, found)
            item.signature = old.signature if same and old is not None else None
            if not same or (item.kind != DIRECTORY and not self.same_time(item, found)):
                self.stale.append(number)

    def same_time(self, item: Item, found: os.stat_result | None) -> bool:
        return found is not None and found.st_mtime_ns == item.mtime_ns

    def find_missing(self) -> None:
        """Find which chunks are missing, as positions in the list of distinct chunks."""
        order = self.order = distinct_chunks(self.items)
        for number in self.stale:
            item = self.items[number]
            if item.signature is None:
                for position, digest in enumerate(item.chunks):
                    self.places.setdefault(order[digest], []).append((number, position))

    def missing_bytes(self) -> int:
        """Return how many bytes are missing still."""
        firsts = [places[0] for places in self.places.values()]
        return sum(self.items[number].chunk_size(position) for number, position in firsts)

    def remove_stale(self, clean: bool, but: frozenset[bytes] = frozenset()) -> None:
        """Remove what earlier syncs put there and is wanted no more; with `clean` all else too."""
        for path in sorted(self.applied.items, reverse=True):
            if path not in self.wanted and path not in but:
                self.remove(self.applied.items[path])
        if clean:
            self.remove_unwanted(b"")

    def has_room(self, old: Item) -> bool:
        """Whether no file is wanted where a directory above `old` is now."""
        above = old.path.rpartition(b"/")[0]
        while above:
            item = self.wanted.get(above)
            if item is not None and item.kind != DIRECTORY:
                return False
            above = above.rpartition(b"/")[0]
        return True

    def remove(self, old: Item) -> None:
        found = self.tree.look(old.path)
        if found is None:
            return
        if stat.S_ISDIR(found.st_mode):
            self.tree.remove_directory(old.path)
        elif old.signature is None or is_there(old, found):
            self.tree.unlink(old.path)
            self.removed += 1

    def remove_unwanted(self, directory: bytes) -> None:
        fd = self.tree.directory(directory)
        for name in os.listdir(fd):
            path = (directory + b"/" if directory else b"") + os.fsencode(name)
            item, is_directory = self.wanted.get(path), self.is_directory(path)
            if item is None or (is_directory and item.kind != DIRECTORY):
                self.tree.remove_all(path)
                self.removed += 1
            elif is_directory:
                self.remove_unwanted(path)

    def is_directory(self, path: bytes) -> bool:
        found = self.tree.look(path)
        return found is not None and stat.S_ISDIR(found.st_mode)

    def make_rest(self) -> None:
        """Make directories, symlinks and empty files, and set times; all but what needs chunks."""
        for number in self.stale:
            item = self.items[number]
            if item.kind == DIRECTORY:
                self.tree.make_directory(item.path)
            elif item.kind == SYMLINK:
                self.make_symlink(number, item)
            elif item.signature is not None:
                self.set_time(number, item)
            elif not item.chunks:
                self.put(number, item, b"")

    def make_symlink(self, number: int, item: Item) -> None:
        parent, _, name = item.path.rpartition(b"/")
        fd = self.tree.directory(parent)
        if item.signature is None:
            self.clear(item)
            os.symlink(item.target.encode("utf-8", "surrogateescape"), name, dir_fd=fd)
        times = (item.mtime_ns, item.mtime_ns)
        os.utime(name, ns=times, dir_fd=fd, follow_symlinks=False)
        self.note(number, item, os.stat(name, dir_fd=fd, follow_symlinks=False))

    def set_time(self, number: int, item: Item) -> None:
        parent, _, name = item.path.rpartition(b"/")
        fd = self.tree.directory(parent)
        os.utime(name, ns=(item.mtime_ns, item.mtime_ns), dir_fd=fd, follow_symlinks=False)
        self.note(number, item, os.stat(name, dir_fd=fd, follow_symlinks=False))

    def clear(self, item: Item) -> None:
        """Make way for a file or symlink; a directory with a run's files in it stays."""
        found = self.tree.look(item.path)
        if found is None:
            return
        if not stat.S_ISDIR(found.st_mode):
            self.tree.unlink(item.path)
        elif not self.tree.remove_directory(item.path):
            raise Refused(
                "%s is a directory in the session, with files of runs in it, and a file in the"
                " snapshot" % decoded(item.path),
                hint="sync with --clean to remove them",
            )

    def take(self, pack: bytes) -> None:
        """Put the chunks of one pack where they belong."""
        self.take_content(*unpacked(pack))

    def take_content(self, content: memoryview, places: list[tuple[int, int, int]]) -> None:
        """Put chunks where they belong: number, start and length in the content."""
        for order, start, size in places:
            for number, position in self.places.pop(order, ()):
                self.take_chunk(number, position, content[start : start + size])

    def take_chunk(self, number: int, position: int, data: memoryview) -> None:
        item = self.items[number]
        if len(data) != item.chunk_size(position):
            raise Refused("a chunk of %s has the wrong size" % decoded(item.path))
        if len(item.chunks) == 1:
            self.put(number, item, data)
            return
        path = self.aside.put(number, position, item.chunks[position], data, self.mode(item))
        self.parts[number] = self.parts.get(number, 0) + 1
        if self.parts[number] == len(item.chunks):
            self.move_in(number, item, path)

    def mode(self, item: Item) -> int:
        return 0o755 if item.executable else 0o644

    def put(self, number: int, item: Item, data: bytes | memoryview) -> None:
        """Write a file whole: in place if nothing is there, else aside and over it."""
        parent, _, name = item.path.rpartition(b"/")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            fd = os.open(name, flags, self.mode(item), dir_fd=self.tree.directory(parent))
        except FileExistsError:
            path = self.aside.path(number)
            fd = os.open(
                path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, self.mode(item)
            )
            try:
                write_all(fd, data)
            finally:
                os.close(fd)
            self.move_in(number, item, path)
            return
        try:
            write_all(fd, data)
            os.utime(fd, ns=(item.mtime_ns, item.mtime_ns))
            self.note(number, item, os.fstat(fd))
        finally:
            os.close(fd)

    def move_in(self, number: int, item: Item, path: str) -> None:
        parent, _, name = item.path.rpartition(b"/")
        os.utime(path, ns=(item.mtime_ns, item.mtime_ns))
        if self.is_directory(item.path):
            self.clear(item)
        fd = self.tree.directory(parent)
        os.rename(path, name, dst_dir_fd=fd)
        self.note(number, item, os.stat(name, dir_fd=fd, follow_symlinks=False))

    def note(self, number: int, item: Item, found: os.stat_result) -> None:
        item.signature = signature_of(found)
        self.written += 1
        self.notes.append("%d %d %d %d %d\n" % (number, *item.signature))
        if len(self.notes) >= NOTE_EVERY:
            self.write_notes()

    def write_notes(self) -> None:
        """Note which files are in place, for a sync that is cut short."""
        if self.notes:
            self.applied.note_placed(self.notes)
            self.notes.clear()

    def finish(self) -> None:
        """Check that all has come, and set the directories' times, deepest first."""
        if self.places:
            raise Refused("%d chunks of the snapshot did not come" % len(self.places))
        for item in reversed(self.items):
            if item.kind == DIRECTORY:
                parent, _, name = item.path.rpartition(b"/")
                fd = self.tree.directory(parent)
                os.utime(name, ns=(item.mtime_ns, item.mtime_ns), dir_fd=fd, follow_symlinks=False)
        remove_tree(self.aside.directory)

    def close(self) -> None:
        """Close what is open, also after a failure."""
        self.write_notes()
        self.tree.close()


def distinct_chunks(items: list[Item]) -> dict[object, int]:
    """Number the chunks of a manifest; the client counts them in the same way."""
    order: dict[object, int] = {}
    for item in items:
        for digest in item.chunks:
            order.setdefault(digest, len(order))
    return order


def packed(places: list[tuple[int, int, int]], content: bytes, size: int = 0) -> bytes:
    """Return a pack: chunks by number, start and length, and the content that they are in.

    A `size` means that the content is a zstd frame of so many bytes. The client's side of `take`.
    """
    heads = [PACK_PLACE.pack(*place) for place in places]
    return b"".join([PACK_HEAD.pack(len(places), size), *heads, content])


def unpacked(pack: bytes) -> tuple[memoryview, list[tuple[int, int, int]]]:
    """Return what a pack holds; raises `Refused`."""
    try:
        count, size = PACK_HEAD.unpack_from(pack)
        begin = PACK_HEAD.size + count * PACK_PLACE.size
        places = list(PACK_PLACE.iter_unpack(pack[PACK_HEAD.size : begin]))
    except struct.error:
        places, begin, count, size = [], 0, -1, 0
    if len(places) != count:
        raise Refused("a pack of chunks is cut short")
    return block_content(memoryview(pack)[begin:], size), places


def block_content(stored: memoryview, size: int) -> memoryview:
    """Return the content of a block; a `size` means that it is a zstd frame. Raises `Refused`."""
    if not size:
        return stored
    zstd = found_zstd()
    content = zstd.plain(bytes(stored), MAX_FRAME) if zstd is not None else None
    if content is None or len(content) != size:
        raise Refused("a pack of chunks does not decompress")
    return content
