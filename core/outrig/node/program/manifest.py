"""What a sync wants in a work directory, and what earlier ones put there."""

from __future__ import annotations

import json
import os
import stat

from outrig.node.program.place import (
    Refused,
    append_line,
    exists,
    read_whole,
    remove_file,
    write_whole,
)
from outrig.node.program.tree import checked_path, encoded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.tree import Tree

FILE, DIRECTORY, SYMLINK = "f", "d", "l"
BLOCK = 1 << 20
CHUNK = 4 << 20
"""Files up to `BLOCK` bytes are one chunk, larger ones are cut every `CHUNK` bytes."""


class Item:
    """One path that a sync wants."""

    __slots__ = (
        "chunks",
        "executable",
        "fields",
        "kind",
        "mtime_ns",
        "path",
        "signature",
        "size",
        "target",
    )

    def __init__(self, fields: list[object]) -> None:
        self.fields = fields
        path, kind, executable, size, mtime_ns, target, chunks = fields
        self.path = checked_path(path)
        self.kind = kind
        self.executable = bool(executable)
        self.size = size if isinstance(size, int) else 0
        self.mtime_ns = mtime_ns if isinstance(mtime_ns, int) else 0
        self.target = target if isinstance(target, str) else ""
        self.chunks = chunks if isinstance(chunks, list) else []
        self.signature: tuple[int, ...] | None = None
        if kind not in (FILE, DIRECTORY, SYMLINK) or len(self.chunks) != chunk_count(self):
            raise Refused("the manifest's entry for %r is not one" % path)

    def same_content(self, other: Item) -> bool:
        """Whether the two are the same but for path and time."""
        return (
            self.kind == other.kind
            and self.executable == other.executable
            and self.target == other.target
            and self.chunks == other.chunks
        )

    def chunk_size(self, position: int) -> int:
        """Return how many bytes the chunk at a position has."""
        if self.size <= BLOCK:
            return self.size
        return min(CHUNK, self.size - position * CHUNK)


def chunk_count(item: Item) -> int:
    if item.kind != FILE or item.size == 0:
        return 0
    return 1 if item.size <= BLOCK else -(-item.size // CHUNK)


def parse_manifest(data: bytes, like: dict[bytes, Item] | None = None) -> list[Item]:
    """Read a manifest as the client sent it; raises `Refused`.

    What is just as in `like` is the same object: understanding it once more would take longer.
    """
    known = like or {}
    items = []
    try:
        for fields in json.loads(data):
            item = known.get(encoded(fields[0])) if known else None
            items.append(item if item is not None and item.fields == fields else Item(fields))
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise Refused("the manifest cannot be read: %s" % error) from None
    return items


def signature_of(found: os.stat_result) -> tuple[int, ...]:
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size)


def is_there(item: Item, found: os.stat_result | None) -> bool:
    """Whether what an earlier sync put there is still just that."""
    if found is None:
        return False
    if item.kind == DIRECTORY:
        return stat.S_ISDIR(found.st_mode)
    return item.signature == signature_of(found)


class Applied:
    """What earlier syncs put into a work directory, also one that was cut short.

    `applied-manifest` is written at the end of a sync: a header, the manifest as it came, and the
    signatures. While one goes on, `incoming` has its manifest and `placed` a line per file done.
    """

    def __init__(self, directory: str) -> None:
        self.path = directory + "/applied-manifest"
        self.incoming = directory + "/incoming"
        self.placed = directory + "/placed"
        self.digest = ""
        self.manifest = b""
        self.signatures = b"[]"
        self.items: dict[bytes, Item] = {}

    def read(self) -> None:
        """Read what the last sync that came to its end put there."""
        data = read_whole(self.path)
        if data is not None:
            head, _, rest = data.partition(b"\n")
            fields = json.loads(head)
            self.digest, self.manifest = fields["digest"], rest[: fields["size"]]
            self.signatures = rest[fields["size"] :]
        if exists(self.incoming):
            self.digest = ""

    def untouched(self, tree: Tree) -> bool:
        """Whether all of it is still as it was put there; quicker than to compare."""
        above, fd = "", tree.top
        try:
            for path, signature in json.loads(self.signatures):
                parent, _, name = path.rpartition("/")
                if parent != above:
                    above, fd = parent, tree.directory(encoded(parent))
                found = os.stat(encoded(name), dir_fd=fd, follow_symlinks=False)
                if signature is None and stat.S_ISDIR(found.st_mode):
                    continue
                if signature != list(signature_of(found)):
                    return False
        except OSError:
            return False
        return True

    def load(self, like: dict[bytes, Item] | None = None) -> None:
        """Understand it, and what a sync that was cut short put there; see `parse_manifest`."""
        if self.manifest:
            rows = json.loads(self.signatures)
            self.add(parse_manifest(self.manifest, like), [signature for _, signature in rows])
        cut_short = read_whole(self.incoming)
        if cut_short is not None:
            self.add_cut_short(parse_manifest(cut_short, like))

    def add(self, items: list[Item], signatures: list[list[int] | None]) -> None:
        for item, signature in zip(items, signatures):
            item.signature = tuple(signature) if signature else None
            self.items[item.path] = item

    def add_cut_short(self, items: list[Item]) -> None:
        for line in (read_whole(self.placed) or b"").splitlines():
            numbers = line.split()
            if len(numbers) == 5 and int(numbers[0]) < len(items):
                items[int(numbers[0])].signature = tuple(int(one) for one in numbers[1:])
        for item in items:
            if item.signature is not None or item.path not in self.items:
                self.items[item.path] = item

    def begin(self, manifest: bytes) -> None:
        """Note what is going to be put there, before anything is."""
        write_whole(self.incoming, manifest)
        remove_file(self.placed)

    def note_placed(self, lines: list[str]) -> None:
        """Note files that are in place."""
        append_line(self.placed, "".join(lines).encode("ascii"))

    def finish(self, digest: str, manifest: bytes, items: list[Item]) -> None:
        """Note that all of it is in place."""
        head = json.dumps({"digest": digest, "size": len(manifest)}).encode("ascii")
        rows = [(item.fields[0], item.signature) for item in items]
        signatures = json.dumps(rows, separators=(",", ":")).encode("ascii")
        write_whole(self.path, head + b"\n" + manifest + signatures)
        remove_file(self.incoming)
        remove_file(self.placed)
