"""Files and directories from several places of this computer as one snapshot."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

from blake3 import blake3

from outrig.errors import NotFoundError, ProjectError
from outrig.model.snapshot import (
    Entry,
    EntryKind,
    SnapshotInfo,
    SnapshotLabels,
    SnapshotReader,
)
from outrig.snapshot.manifest import chunk_length
from outrig.snapshot.pathname import to_bytes, to_text
from outrig.snapshot.reread import read_again
from outrig.snapshot.source import TreeReader

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from outrig.interfaces import Context
    from outrig.snapshot.scan import ScanOptions


class LoneFile(SnapshotReader):
    """One file, under its own name."""

    def __init__(self, path: Path, label: SnapshotInfo) -> None:
        real = os.fsencode(path.resolve())
        self._directory, name = os.path.split(real)
        try:
            self._entry = _entry(real, to_text(name))
        except OSError as err:
            raise ProjectError(f"{path} cannot be read: {err.strerror}") from err
        text = "\n".join((self._entry.path, str(self._entry.executable), *self._entry.chunks))
        self._info = replace(
            label,
            digest=hashlib.sha256(to_bytes(text)).hexdigest(),
            file_count=1,
            size_bytes=self._entry.size_bytes,
        )

    @property
    def info(self) -> SnapshotInfo:
        """See `SnapshotReader.info`."""
        return self._info

    def entries(self) -> Collection[Entry]:
        """See `SnapshotReader.entries`."""
        return (self._entry,)

    def read(self, digests: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """See `SnapshotReader.read`; raises `ProjectError` when the file changed."""
        return read_again(self._directory, (self._entry,), digests)


def _entry(path: bytes, name: str) -> Entry:
    with open(path, "rb") as file:  # noqa: PTH123 - a path of bytes
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ProjectError(f"{to_text(path)} is neither a file nor a directory")
        chunks: list[str] = []
        left = status.st_size
        while left:
            data = file.read(chunk_length(status.st_size, len(chunks)))
            if not data:
                raise ProjectError(f"{to_text(path)} changed while it was read", hint="try again")
            chunks.append(blake3(data).hexdigest())
            left -= len(data)
    return Entry(
        path=name,
        kind=EntryKind.FILE,
        executable=bool(status.st_mode & 0o100),
        size_bytes=status.st_size,
        chunks=tuple(chunks),
        mtime_ns=status.st_mtime_ns,
    )


class GatheredReader(SnapshotReader):
    """Several snapshots as one: each below a directory of its own, whose name is given."""

    def __init__(self, label: SnapshotInfo, parts: Sequence[tuple[str, SnapshotReader]]) -> None:
        self._label = label
        self._parts = tuple(parts)

    @property
    def digests(self) -> dict[str, str]:
        """The digest of each part, by the name of its directory."""
        return {name: part.info.digest for name, part in self._parts}

    @property
    def info(self) -> SnapshotInfo:
        """See `SnapshotReader.info`."""
        infos = [(name, part.info) for name, part in self._parts]
        text = "".join(f"{name} {info.digest}\n" for name, info in infos)
        return replace(
            self._label,
            digest=hashlib.sha256(text.encode()).hexdigest(),
            file_count=sum(info.file_count for _, info in infos),
            size_bytes=sum(info.size_bytes for _, info in infos),
        )

    def entries(self) -> Collection[Entry]:
        """See `SnapshotReader.entries`."""
        found: list[Entry] = []
        for name, part in self._parts:
            found.append(Entry(path=name, kind=EntryKind.DIRECTORY))
            found += [one._replace(path=f"{name}/{one.path}") for one in part.entries()]
        return sorted(found, key=lambda one: to_bytes(one.path))

    def read(self, digests: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """See `SnapshotReader.read`."""
        wanted = set(digests)
        for _, part in self._parts:
            own = {chunk for one in part.entries() for chunk in one.chunks} & wanted
            wanted -= own
            if own:
                yield from part.read(own)


def part_of(
    path: Path, label: SnapshotInfo, options: ScanOptions, context: Context
) -> SnapshotReader:
    """Return a file or a directory as a snapshot; raises `NotFoundError`, `ProjectError`."""
    if not path.exists():
        raise NotFoundError(f"there is no file and no directory {path}")
    if not path.is_dir():
        return LoneFile(path, label)
    return TreeReader(path, label.project_id, SnapshotLabels(name=label.name), options, context)
