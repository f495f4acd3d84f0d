"""Snapshots and contexts that are kept in memory: real ones, without a store or an engine."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outrig.interfaces import Context, Intent, Journal
from outrig.model.run import Stream
from outrig.model.snapshot import Entry, EntryKind, SnapshotInfo, SnapshotReader
from outrig.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

BLOCK = 1 << 20
CHUNK = 4 << 20
MTIME_NS = 1_700_000_000_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryFile:
    """A file of a `MemorySnapshot`; with `target` it is a symlink."""

    content: bytes = b""
    executable: bool = False
    target: str | None = None
    output: bool = False
    mtime_ns: int = MTIME_NS


class MemorySnapshot(SnapshotReader):
    """A snapshot of files given by path; a path that ends in `/` is an empty directory."""

    def __init__(self, files: Mapping[str, bytes | str | MemoryFile]) -> None:
        self._chunks: dict[str, bytes] = {}
        self._entries: dict[str, Entry] = {}
        self.reads = 0
        for path, given in files.items():
            self._add(path, given)

    @property
    def info(self) -> SnapshotInfo:
        digest = hashlib.sha256(repr(self.entries()).encode()).hexdigest()
        return SnapshotInfo(
            id=digest[:26],
            name="memory",
            digest=digest,
            project_id="p",
            created_at=datetime.now(UTC),
        )

    def entries(self) -> tuple[Entry, ...]:
        def by_bytes(entry: Entry) -> bytes:
            return entry.path.encode("utf-8", "surrogateescape")

        return tuple(sorted(self._entries.values(), key=by_bytes))

    def read(self, digests: Collection[str]) -> Iterator[tuple[str, bytes]]:
        for digest in digests:
            self.reads += 1
            yield digest, self._chunks[digest]

    def _add(self, path: str, given: bytes | str | MemoryFile) -> None:
        content = given.encode() if isinstance(given, str) else given
        file = content if isinstance(content, MemoryFile) else MemoryFile(content=content)
        parts = path.split("/")
        for end in range(1, len(parts)):
            above = "/".join(parts[:end])
            self._entries[above] = Entry(path=above, kind=EntryKind.DIRECTORY, mtime_ns=MTIME_NS)
        if not parts[-1]:
            return
        kind = EntryKind.FILE if file.target is None else EntryKind.SYMLINK
        self._entries[path] = Entry(
            path=path,
            kind=kind,
            executable=file.executable,
            size_bytes=len(file.content),
            chunks=tuple(self._cut(file.content)),
            target=file.target,
            output=file.output,
            mtime_ns=file.mtime_ns,
        )

    def _cut(self, content: bytes) -> Iterator[str]:
        size = len(content) if len(content) <= BLOCK else CHUNK
        for start in range(0, len(content), size or 1):
            chunk = content[start : start + size]
            digest = hashlib.sha256(chunk).hexdigest()
            self._chunks[digest] = chunk
            yield digest


class MemoryIntent(Intent):
    """A journal entry that is only kept in memory."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.ids: tuple[str, ...] | None = None

    def created(self, *ids: str) -> None:
        self.ids = ids

    def nothing_made(self) -> None:
        self.ids = ()


class MemoryJournal(Journal):
    """A journal that is only kept in memory."""

    def __init__(self) -> None:
        self.intents: list[MemoryIntent] = []

    def intend(self, kind: str, *, scope: str, token: str, tags: Mapping[str, str]) -> MemoryIntent:
        self.intents.append(MemoryIntent(f"{scope}/{kind}/{token}/{len(tags)}"))
        return self.intents[-1]


@dataclass
class MemoryContext(Context):
    """A context that keeps what it is told; `cancelled` makes `check_cancelled` raise."""

    own_settings: Settings = field(default_factory=Settings)
    own_journal: MemoryJournal = field(default_factory=MemoryJournal)
    printed: dict[Stream, bytes] = field(default_factory=lambda: dict.fromkeys(Stream, b""))
    notes: list[tuple[int, int | None, str]] = field(default_factory=list)
    cancelled: Exception | None = None

    @property
    def settings(self) -> Settings:
        return self.own_settings

    @property
    def journal(self) -> MemoryJournal:
        return self.own_journal

    def progress(self, done: int, total: int | None, note: str) -> None:
        self.notes.append((done, total, note))

    def output(self, stream: Stream, data: bytes) -> None:
        self.printed[stream] += data

    def check_cancelled(self) -> None:
        if self.cancelled is not None:
            raise self.cancelled
