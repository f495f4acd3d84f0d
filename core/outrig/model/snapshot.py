"""Snapshots: what they are called, what is in them, and how their content is handed on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import NamedTuple


class EntryKind(Enum):
    """What a manifest entry is."""

    FILE = "f"
    DIRECTORY = "d"
    SYMLINK = "l"


class Entry(NamedTuple):
    """One path of a snapshot. A tuple, as there are many: made fast, and without msgspec's import.

    `path` is relative, `/`-separated, bytes that are not UTF-8 as surrogate escapes. `chunks` are
    the BLAKE3 digests (hex) of a file's content: one up to 1 MiB, else one per 4 MiB. `output` is
    set for what `output_files` named: kept in the snapshot, never synced. `mtime_ns` is no part of
    the snapshot's identity.
    """

    path: str
    kind: EntryKind
    executable: bool = False
    size_bytes: int = 0
    chunks: tuple[str, ...] = ()
    target: str | None = None
    output: bool = False
    mtime_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GitState:
    """Where the project's repository stood when the snapshot was made."""

    commit: str
    branch: str | None = None
    dirty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotInfo:
    """A snapshot's label: a unique `id`, the tree's identity `digest`, a `name` that may repeat."""

    id: str
    name: str
    digest: str
    project_id: str
    created_at: datetime
    description: str = ""
    file_count: int = 0
    size_bytes: int = 0
    git: GitState | None = None
    missing_outputs: tuple[str, ...] = ()


class SnapshotReader(ABC):
    """A snapshot's content, wherever it is kept. Reading may be repeated and is thread-safe."""

    @property
    @abstractmethod
    def info(self) -> SnapshotInfo:
        """The snapshot's label."""

    @abstractmethod
    def entries(self) -> Collection[Entry]:
        """Every entry, sorted by path (as bytes), parents before children."""

    @abstractmethod
    def read(self, digests: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """Yield `(digest, content)` once for each wanted digest, in any order."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A path that is not in a snapshot, and why. The path is made safe to print."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSnapshot:
    """What storing a snapshot cost: bytes and chunks that were new to the store.

    Of a new snapshot `ignored` counts what the ignore rules left out (a directory counts once), and
    `left_out` are special files and those that vanished meanwhile.
    """

    info: SnapshotInfo
    new_chunks: int = 0
    new_bytes: int = 0
    written_bytes: int = 0
    ignored: int = 0
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which chunks to load: `None` means all of the snapshot's, empty means the entries only."""

    chunks: frozenset[str] | None = None


class ChunkSink(ABC):
    """Takes what a store loads."""

    @abstractmethod
    def entries(self, info: SnapshotInfo, entries: Collection[Entry]) -> None:
        """Take the whole list of entries; called once, before any chunk."""

    @abstractmethod
    def chunk(self, digest: str, data: bytes) -> None:
        """Take one wanted chunk, already checked against its digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotQuery:
    """Which snapshots to list: by project, name and id prefix; newest first, at most `limit`."""

    project_id: str | None = None
    name: str | None = None
    id: str | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteReport:
    """Which snapshot ids are deleted, and which were not there."""

    deleted: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class ObjectInfo(NamedTuple):
    """One object of an object store: key, size in bytes, last change (seconds since epoch)."""

    key: str
    size_bytes: int
    modified_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotLabels:
    """What the creator says of a snapshot."""

    name: str
    description: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
