"""What a snapshot may not do to the directory it is restored into. Checked before any writing."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from outrig.errors import StoreError
from outrig.model.snapshot import EntryKind
from outrig.snapshot.manifest import chunk_count
from outrig.snapshot.pathname import display

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from outrig.model.snapshot import Entry

_SHOWN = 5


def check_entries(entries: Collection[Entry]) -> None:
    """Refuse entries that would lead out of the target; raises `StoreError` in one line."""
    kinds: dict[str, EntryKind] = {}
    for entry in entries:
        _check_path(entry.path)
        if entry.path in kinds:
            raise _refused(f"{display(entry.path)} is in it twice")
        kinds[entry.path] = entry.kind
        if entry.kind is EntryKind.FILE and len(entry.chunks) != chunk_count(entry.size_bytes):
            raise _refused(f"{display(entry.path)} has {len(entry.chunks)} chunks")
        if entry.kind is EntryKind.SYMLINK and (not entry.target or "\0" in entry.target):
            raise _refused(f"the link {display(entry.path)} has no target")
    for path in kinds:
        parent = path.rpartition("/")[0]
        if parent and kinds.get(parent) is not EntryKind.DIRECTORY:
            raise _refused(f"{display(path)} lies in something that is no directory")


def _check_path(path: str) -> None:
    parts = path.split("/")
    if "" in parts or "." in parts or ".." in parts or "\0" in path:
        raise _refused(f'"{display(path)}" is no path below the target')


def _refused(what: str) -> StoreError:
    return StoreError(f"refusing to restore the snapshot: {what}")


def leaves(path: str, target: str) -> bool:
    """Say whether a link at `path` with `target` points out of the tree, read word by word."""
    if target.startswith("/"):
        return True
    depth = path.count("/")
    for part in target.split("/"):
        if part == "..":
            depth -= 1
            if depth < 0:
                return True
        elif part not in ("", "."):
            depth += 1
    return False


def leaving_links(entries: Iterable[Entry]) -> list[Entry]:
    """Return the links that point out of the tree, be it by way of other links.

    A target is followed through the snapshot's own links, and a `..` behind one of them counts as
    leaving, as where it leads depends on more than the text.
    """
    links = [entry for entry in entries if entry.kind is EntryKind.SYMLINK]
    paths = {entry.path for entry in links}
    return [
        entry
        for entry in links
        if leaves(entry.path, entry.target or "") or _climbs_behind_link(entry, paths)
    ]


def _climbs_behind_link(entry: Entry, links: set[str]) -> bool:
    at = entry.path.split("/")[:-1]
    through_link = False
    for part in (entry.target or "").split("/"):
        if part == "..":
            if through_link:
                return True
            at = at[:-1]
        elif part not in ("", "."):
            at.append(part)
            through_link = through_link or "/".join(at) in links
    return False


def refuse_leaving_links(entries: Iterable[Entry]) -> None:
    """Refuse links that point out of the tree; raises `StoreError`."""
    found = leaving_links(entries)
    if not found:
        return
    shown = ", ".join(
        f"{display(one.path)} -> {display(one.target or '')}" for one in found[:_SHOWN]
    )
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    raise StoreError(
        f"refusing to restore links that point out of the directory: {shown}{more}",
        hint="--outside-links restores them as they are; nothing is written through them",
    )


def folded(path: str) -> str:
    """Return what a file system that ignores case takes a path for."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def refuse_collisions(entries: Iterable[Entry]) -> None:
    """Refuse two names that differ by case only, for a target that does not tell them apart."""
    seen: dict[str, str] = {}
    for entry in entries:
        other = seen.setdefault(folded(entry.path), entry.path)
        if other != entry.path:
            raise _refused(
                f"{display(other)} and {display(entry.path)} are one file in that directory"
            )
