"""What syncs put into sessions that have ended: kept, up to a bound, for sessions to come.

A kept tree is the directory `kept/<session>.<bytes>` with a work directory and its manifest. The
next session that wants much the same takes it over as it is, with one rename.
"""

from __future__ import annotations

import json
import os
import stat

from outrig.node.program.manifest import DIRECTORY, Applied, is_there
from outrig.node.program.place import exists, remove_tree
from outrig.node.program.tree import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.manifest import Item
    from outrig.node.program.place import Root

PARTS = ("work", "applied-manifest", "ended", "lock")


class KeptTree:
    """One tree that is kept."""

    __slots__ = ("directory", "mtime_ns", "size")

    def __init__(self, directory: str, size: int, mtime_ns: int) -> None:
        self.directory = directory
        self.size = size
        self.mtime_ns = mtime_ns


def kept_trees(root: Root) -> list[KeptTree]:
    """Return what is kept, the last used first."""
    found = []
    for name in os.listdir(root.kept()):
        size = name.rpartition(".")[2]
        path = root.kept() + "/" + name
        try:
            mtime_ns = os.stat(path).st_mtime_ns
        except OSError:
            continue
        found.append(KeptTree(path, int(size) if size.isdigit() else 0, mtime_ns))
    return sorted(found, key=lambda one: -one.mtime_ns)


def keep_tree(root: Root, session: str, most: int) -> None:
    """End a session's directory: keep what syncs put there and is unchanged, if it fits.

    `most` is in bytes, for all trees together; and never more than half of the space is taken.
    """
    directory = root.session(session)
    size = 0
    try:
        if most > 0:
            size = prune_tree(directory)
    except (OSError, ValueError):
        size = 0
    if size == 0 or size > most:
        root.discard(directory)
        return
    os.utime(directory)
    place = "%s/%s.%d" % (root.kept(), session, size)
    root.discard(place)
    os.rename(directory, place)
    bound_kept(root, most)


def prune_tree(directory: str) -> int:
    """Remove all but what syncs put there and is unchanged; returns how many bytes that is."""
    applied = Applied(directory)
    applied.read()
    if not applied.digest:
        return 0
    applied.load()
    for name in os.listdir(directory):
        if name not in PARTS:
            path = directory + "/" + name
            if os.path.isdir(path) and not os.path.islink(path):
                remove_tree(path)
            else:
                os.unlink(path)
    tree = Tree(directory + "/work")
    try:
        return prune_directory(tree, applied.items, b"")
    finally:
        tree.close()


def prune_directory(tree: Tree, items: dict[bytes, Item], path: bytes) -> int:
    fd = tree.directory(path)
    os.fchmod(fd, 0o755 if path else 0o700)
    size = 0
    for name in os.listdir(fd):
        inner = (path + b"/" if path else b"") + os.fsencode(name)
        item, found = items.get(inner), tree.look(inner)
        if item is None or not is_there(item, found):
            tree.remove_all(inner)
        elif item.kind == DIRECTORY:
            size += prune_directory(tree, items, inner)
            fd = tree.directory(path)
        elif found is not None and stat.S_ISREG(found.st_mode):
            size += found.st_size
    return size


def bound_kept(root: Root, most: int) -> None:
    """Remove what was not used for longest, until the rest fits."""
    trees = kept_trees(root)
    space = os.statvfs(root.kept())
    total = sum(one.size for one in trees)
    most = min(most, (space.f_bavail * space.f_frsize + total) // 2)
    while trees and total > most:
        oldest = trees.pop()
        total -= oldest.size
        root.discard(oldest.directory)


def take_over(root: Root, session: str, digest: str, chunks: dict[object, int]) -> bool:
    """Make a kept tree the work directory of a new session; false if none is like what it wants.

    It is the one of the manifest `digest`; else, when `chunks` are told, the one that has most of
    them, if that is at least half of it.
    """
    directory = root.session(session)
    if exists(directory + "/applied-manifest") or exists(directory + "/incoming"):
        return False
    for tree in kept_trees(root):
        try:
            if is_like(tree.directory, digest, chunks):
                os.rename(tree.directory + "/applied-manifest", directory + "/applied-manifest")
                os.rename(tree.directory + "/work", directory + "/work")
                root.discard(tree.directory)
                return True
        except (OSError, ValueError):
            continue  # another session was quicker, or a run has put something here
    return False


def is_like(directory: str, digest: str, chunks: dict[object, int]) -> bool:
    applied = Applied(directory)
    applied.read()
    if not chunks:
        return applied.digest == digest
    there = {chunk for fields in json.loads(applied.manifest or b"[]") for chunk in fields[6]}
    return 2 * len(there & chunks.keys()) >= max(1, len(there))
