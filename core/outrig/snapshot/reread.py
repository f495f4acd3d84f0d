"""Reads single chunks of a project directory again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from outrig.errors import ProjectError
from outrig.model.snapshot import EntryKind
from outrig.snapshot.manifest import CHUNK, chunk_length
from outrig.snapshot.outputs import OUTSIDE
from outrig.snapshot.pathname import display, to_bytes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from outrig.model.snapshot import Entry

_OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def open_below(root: bytes, path: bytes) -> int:
    """Open a file below `root` for reading, following no link on the way."""
    *above, name = path.split(b"/")
    fd = os.open(root, _OPEN_DIRECTORY)
    try:
        for part in above:
            below = os.open(part, _OPEN_DIRECTORY, dir_fd=fd)
            os.close(fd)
            fd = below
        return os.open(name, _OPEN_FILE, dir_fd=fd)
    finally:
        os.close(fd)


def _read_chunk(root: bytes, entry: Entry, index: int) -> bytes:
    path = to_bytes(entry.path)
    if path.startswith(OUTSIDE + b"/"):
        root, path = b"/", path[len(OUTSIDE) + 1 :]
    fd = open_below(root, path)
    try:
        return os.pread(fd, chunk_length(entry.size_bytes, index), index * CHUNK)
    finally:
        os.close(fd)


def read_again(
    root: bytes, entries: Collection[Entry], digests: Collection[str]
) -> Iterator[tuple[str, bytes]]:
    """Yield the content of chunks that `entries` name; raises `ProjectError` if it changed."""
    from blake3 import blake3

    wanted = set(digests)
    for entry in entries:
        if entry.kind is not EntryKind.FILE or wanted.isdisjoint(entry.chunks):
            continue
        for index, digest in enumerate(entry.chunks):
            if digest not in wanted:
                continue
            try:
                data = _read_chunk(root, entry, index)
            except OSError as err:
                raise ProjectError(f"{display(entry.path)}: {err.strerror}") from err
            if blake3(data).hexdigest() != digest:
                raise ProjectError(
                    f"{display(entry.path)} changed since it was hashed", hint="try again"
                )
            wanted.discard(digest)
            yield digest, data
