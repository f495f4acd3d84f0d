"""What differs in one file between two snapshots, line by line."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError
from outrig.model.snapshot import EntryKind
from outrig.snapshot.pathname import display, to_bytes
from outrig.snapshot.tree import find_entry, read_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.model.snapshot import Entry, SnapshotReader

_MAX_BYTES = 4 << 20
_MAX_LINES = 20_000
"""Comparing takes time that grows with the square of what differs."""
_LOOKED_AT = 8000
"""Bytes: a NUL among the first so many makes a file binary, as for git."""


def names_file(old: SnapshotReader, new: SnapshotReader, path: str) -> bool:
    """Say whether a path is a file or link on one side and no directory on the other.

    Raises `NotFoundError` when it is in neither snapshot.
    """
    found = [one for one in (find_entry(old, path), find_entry(new, path)) if one is not None]
    if not found:
        raise NotFoundError(f'"{display(path)}" is in neither snapshot')
    return all(one.kind is not EntryKind.DIRECTORY for one in found)


def text_diff(old: SnapshotReader, new: SnapshotReader, path: str) -> Iterator[str]:
    """Yield the lines of a unified diff, without line ends; none when the content is the same."""
    before, after = find_entry(old, path), find_entry(new, path)
    shown = display(next((one.path for one in (before, after) if one), path))
    if before and after and before.executable != after.executable:
        yield f"{shown} is executable {'before' if before.executable else 'after'} only"
    if _identity(before) == _identity(after):
        return
    sides = [_content(one, side) for one, side in ((before, old), (after, new))]
    if any(one is None or b"\0" in one[:_LOOKED_AT] for one in sides):
        yield f"{shown} differs: {_size(before)} before, {_size(after)} after; not shown as text"
        return
    was, now = (_lines((one or b"").decode("utf-8", "surrogateescape")) for one in sides)
    if max(len(was), len(now)) > _MAX_LINES:
        yield f"{shown} differs; it has too many lines to compare them"
        return
    for line in difflib.unified_diff(was, now, *_headings(before, after, shown)):
        yield line.removesuffix("\n")
        if not line.endswith("\n"):
            yield "\\ No newline at end of file"


def _lines(text: str) -> list[str]:
    """Split at line feeds only, which stay."""
    *whole, rest = text.split("\n")
    return [line + "\n" for line in whole] + ([rest] if rest else [])


def _headings(before: Entry | None, after: Entry | None, shown: str) -> tuple[str, str]:
    return (
        "/dev/null" if before is None else f"a/{shown}",
        "/dev/null" if after is None else f"b/{shown}",
    )


def _identity(entry: Entry | None) -> tuple[object, ...] | None:
    return None if entry is None else (entry.kind, entry.chunks, entry.target)


def _content(entry: Entry | None, reader: SnapshotReader) -> bytes | None:
    """Return what to compare, a link's target for a link; `None` when it is too large."""
    if entry is None:
        return b""
    if entry.kind is EntryKind.SYMLINK:
        return to_bytes(entry.target or "") + b"\n"
    if entry.size_bytes > _MAX_BYTES:
        return None
    return b"".join(read_file(reader, entry.path))


def _size(entry: Entry | None) -> str:
    return "nothing" if entry is None else f"{entry.size_bytes} bytes"
