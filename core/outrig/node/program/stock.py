"""Chunks that a node has already: in files that syncs put there, of this session or of others."""

from __future__ import annotations

import json
import os

from outrig.node.program.kept import kept_trees
from outrig.node.program.manifest import CHUNK, Applied, Item, is_there
from outrig.node.program.tree import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.apply import Applying
    from outrig.node.program.call import Call
    from outrig.node.program.parts import Part
    from outrig.node.program.place import Root

WORTH_LOOKING = 4 << 20
"""So many bytes must be missing before other sessions are looked at; fewer are sent sooner."""
MOST_LOOKED_AT = 8


class Stock:
    """Takes what a sync misses from files on this node; what it does not find must be sent.

    Nobody can tell here whether a file's content is what its digest says: that it is still just as
    a sync left it, before and after it is read, is what counts.
    """

    def __init__(self, root: Root, call: Call, applying: Applying) -> None:
        self.root = root
        self.call = call
        self.applying = applying

    def own(self) -> list[Item]:
        """Return the files of this session that have something that is missing."""
        if not self.applying.places:
            return []
        return [item for item in self.applying.applied.items.values() if self.has(item)]

    def has(self, item: Item) -> bool:
        places, order = self.applying.places, self.applying.order
        return item.signature is not None and any(
            order.get(chunk) in places for chunk in item.chunks
        )

    def parts(self) -> list[Part]:
        """Return what syncs that were cut short left of files that are missing in part."""
        order = self.applying.order
        return self.applying.aside.left(
            {one for one in order if order[one] in self.applying.places}
        )

    def take_parts(self, parts: list[Part]) -> None:
        """Take what is missing from files that were put together only in part."""
        for part in parts:
            order = self.applying.order[part.digest]
            if order in self.applying.places:
                self.call.check()
                fd = os.open(part.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
                try:
                    data = os.pread(fd, part.size, part.position * CHUNK)
                finally:
                    os.close(fd)
                if len(data) == part.size:
                    self.put(order, data)
        self.applying.aside.remove_old()

    def put(self, order: int, data: bytes) -> None:
        for number, at in self.applying.places.pop(order):
            self.applying.take_chunk(number, at, memoryview(data))

    def take_own(self, items: list[Item]) -> None:
        """Take what is missing from files of this session: renamed, copied, changed in part."""
        for item in items:
            self.take_file(self.applying.tree, item)

    def take_others(self, session: str) -> None:
        """Take what is missing from other sessions, and from ended ones."""
        if self.applying.missing_bytes() < WORTH_LOOKING:
            return
        for directory in other_trees(self.root, session)[:MOST_LOOKED_AT]:
            if not self.applying.places:
                return
            try:
                self.take_tree(directory)
            except (OSError, ValueError):
                continue  # it has just been removed

    def take_tree(self, directory: str) -> None:
        applied = Applied(directory)
        applied.read()
        signatures = json.loads(applied.signatures)
        tree = Tree(directory + "/work")
        try:
            for fields, (_, signature) in zip(json.loads(applied.manifest or b"[]"), signatures):
                order = self.applying.order
                if signature and any(
                    order.get(chunk) in self.applying.places for chunk in fields[6]
                ):
                    item = Item(fields)
                    item.signature = tuple(signature)
                    self.take_file(tree, item)
        finally:
            tree.close()

    def take_file(self, tree: Tree, item: Item) -> None:
        """Take what is missing from one file, if it is as it was left."""
        self.call.check()
        parent, _, name = item.path.rpartition(b"/")
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            if not is_there(item, tree.look(item.path)):
                return
            fd = os.open(name, flags, dir_fd=tree.directory(parent))
        except OSError:
            return
        try:
            for position, digest in enumerate(item.chunks):
                order = self.applying.order.get(digest)
                if order in self.applying.places:
                    self.take_chunk(fd, item, position, order)
        finally:
            os.close(fd)

    def take_chunk(self, fd: int, item: Item, position: int, order: int) -> None:
        self.call.check()
        size = item.chunk_size(position)
        data = os.pread(fd, size, position * CHUNK)
        if len(data) == size and is_there(item, os.fstat(fd)):
            self.put(order, data)


def other_trees(root: Root, session: str) -> list[str]:
    """Return what syncs put into other sessions and ended ones, the newest first."""
    found = [one.directory for one in kept_trees(root)]
    found += [root.session(name) for name in os.listdir(root.path + "/s") if name != session]
    dated = []
    for directory in found:
        try:
            dated.append((os.stat(directory + "/applied-manifest").st_mtime_ns, directory))
        except OSError:
            continue
    return [directory for _, directory in sorted(dated, reverse=True)]
