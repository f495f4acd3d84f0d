"""The local index of a store: which chunk is in which pack, and the labels.

SQLite in the cache directory. Everything in it comes from the store: deleting it costs reading the
packs' tables again, and a damaged one is made anew.
"""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from outrig import paths
from outrig.wal import keep_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from outrig.snapshot.pack import Block

_VERSION = 1
_BUSY_S = 60.0
_AT_ONCE = 500
"""Older versions of SQLite take at most 999 question marks."""
_SCHEMA = """
CREATE TABLE packs (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, size INTEGER NOT NULL);
CREATE TABLE blocks (
  id INTEGER PRIMARY KEY, pack INTEGER NOT NULL, at INTEGER NOT NULL, stored INTEGER NOT NULL,
  raw INTEGER NOT NULL, codec INTEGER NOT NULL);
CREATE INDEX blocks_by_pack ON blocks (pack);
CREATE TABLE chunks (
  digest BLOB NOT NULL, block INTEGER NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL,
  PRIMARY KEY (digest, block)) WITHOUT ROWID;
CREATE INDEX chunks_by_block ON chunks (block);
CREATE TABLE labels (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, project TEXT NOT NULL,
  created_us INTEGER NOT NULL, description TEXT NOT NULL, files INTEGER NOT NULL,
  bytes INTEGER NOT NULL, rare INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX labels_by_project ON labels (project, id);
"""


class Place(NamedTuple):
    """Where a chunk is: its pack, its block there, and its place in the block's content."""

    pack: str
    at: int
    stored: int
    raw: int
    codec: int
    start: int
    length: int


class LabelRow(NamedTuple):
    """A label as the index has it; `rare` when `body` says more than the columns."""

    id: str
    name: str
    digest: str
    project: str
    created_us: int
    description: str
    files: int
    size_bytes: int
    rare: int
    body: bytes


_label_row: Callable[[tuple[object, ...]], LabelRow] = partial(tuple.__new__, LabelRow)
"""As `LabelRow._make`, but without a call of Python for each of ten thousand."""


def index_file(url: str) -> Path:
    """Return where the index of the store at `url` is kept."""
    digest = hashlib.blake2b(url.encode("utf-8", "surrogateescape"), digest_size=16)
    return Path(paths.cache_dir(), "stores", digest.hexdigest() + ".db")


class Index:
    """An open index. Use it in one thread; other processes may use the same file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.rebuilt = False
        try:
            self._db = self._open()
        except sqlite3.OperationalError as err:
            if "locked" in str(err):
                raise
            self._db = self._in_memory()
        except sqlite3.DatabaseError:
            self._remove()
            self.rebuilt = True
            self._db = self._open()
        except OSError:
            self._db = self._in_memory()

    def _in_memory(self) -> sqlite3.Connection:
        """Do without a file, where the cache directory cannot be written."""
        db = sqlite3.connect(":memory:", isolation_level=None)
        self._create(db)
        return db

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(str(self.file) + suffix).unlink(missing_ok=True)

    def _open(self) -> sqlite3.Connection:
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        db = sqlite3.connect(self.file, timeout=_BUSY_S, isolation_level=None)
        try:
            db.execute("PRAGMA synchronous=OFF")  # it can be made anew at any time
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version != _VERSION:
                self._create(db)
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _create(self, db: sqlite3.Connection) -> None:
        keep_log(db, _BUSY_S)
        db.execute("BEGIN IMMEDIATE")
        if db.execute("PRAGMA user_version").fetchone()[0] == _VERSION:
            db.execute("COMMIT")
            return
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall():
            db.execute(f'DROP TABLE "{name}"')
        for statement in _SCHEMA.split(";"):
            if statement.strip():
                db.execute(statement)
        db.execute(f"PRAGMA user_version={_VERSION}")
        db.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def discard(self) -> None:
        """Remove the file: it is made anew when opened next."""
        self._db.close()
        self._remove()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def packs(self) -> dict[str, int]:
        """Return the size in bytes of every known pack by its key."""
        return dict(self._db.execute("SELECT key, size FROM packs"))

    def add_pack(self, key: str, size: int, blocks: Sequence[Block]) -> None:
        """Remember what a pack holds; one that is known stays as it is."""
        with self._transaction() as db:
            added = db.execute("INSERT OR IGNORE INTO packs (key, size) VALUES (?, ?)", (key, size))
            if not added.rowcount:
                return
            pack = added.lastrowid
            first = db.execute("SELECT coalesce(max(id), 0) + 1 FROM blocks").fetchone()[0]
            db.executemany(
                "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?)",
                (
                    (first + number, pack, one.offset, one.stored, one.raw, one.codec)
                    for number, one in enumerate(blocks)
                ),
            )
            rows = sorted(_rows(blocks, first))  # in the table's own order it is much faster
            db.executemany("INSERT OR IGNORE INTO chunks VALUES (?, ?, ?, ?)", rows)

    def remove_packs(self, keys: Iterable[str]) -> None:
        """Forget packs that are no longer in the store."""
        with self._transaction() as db:
            for key in keys:
                row = db.execute("SELECT id FROM packs WHERE key=?", (key,)).fetchone()
                if row is None:
                    continue
                db.execute(
                    "DELETE FROM chunks WHERE block IN (SELECT id FROM blocks WHERE pack=?)", row
                )
                db.execute("DELETE FROM blocks WHERE pack=?", row)
                db.execute("DELETE FROM packs WHERE id=?", row)

    def has(self, digest: bytes) -> bool:
        """Say whether a chunk is in any pack."""
        rows = self._db.execute("SELECT 1 FROM chunks WHERE digest=? LIMIT 1", (digest,))
        return rows.fetchone() is not None

    def find(self, digest: bytes) -> list[Place]:
        """Return every place of a chunk."""
        rows = self._db.execute(
            "SELECT p.key, b.at, b.stored, b.raw, b.codec, c.start, c.length FROM chunks c"
            " JOIN blocks b ON b.id = c.block JOIN packs p ON p.id = b.pack WHERE c.digest=?",
            (digest,),
        )
        return [Place(*row) for row in rows]

    def places(self, digests: Iterable[bytes]) -> Iterator[tuple[bytes, Place]]:
        """Yield every place of each chunk; for many this is quicker than to find each."""
        asked = iter(digests)
        while some := list(islice(asked, _AT_ONCE)):
            rows = self._db.execute(
                "SELECT c.digest, p.key, b.at, b.stored, b.raw, b.codec, c.start, c.length"  # noqa: S608 - only question marks
                " FROM chunks c JOIN blocks b ON b.id = c.block JOIN packs p ON p.id = b.pack"
                f" WHERE c.digest IN ({','.join('?' * len(some))})",
                some,
            )
            for digest, *place in rows:
                yield digest, Place(*place)

    def digests(self, key: str) -> Iterator[bytes]:
        """Yield the chunks of a pack."""
        rows = self._db.execute(
            "SELECT c.digest FROM chunks c JOIN blocks b ON b.id = c.block"
            " JOIN packs p ON p.id = b.pack WHERE p.key=?",
            (key,),
        )
        return (row[0] for row in rows)

    def used_bytes(self, key: str, used: set[bytes]) -> int:
        """Return about how many stored bytes of a pack hold chunks of `used`."""
        rows = self._db.execute(
            "SELECT c.digest, c.length, b.stored, b.raw FROM chunks c"
            " JOIN blocks b ON b.id = c.block JOIN packs p ON p.id = b.pack WHERE p.key=?",
            (key,),
        )
        return sum(
            -(-length * stored // max(1, raw))
            for digest, length, stored, raw in rows
            if digest in used
        )

    def labels(self) -> set[str]:
        """Return the ids of all labels."""
        return {row[0] for row in self._db.execute("SELECT id FROM labels")}

    def change_labels(self, add: Iterable[LabelRow], remove: Iterable[str]) -> None:
        """Remember labels, and forget others."""
        with self._transaction() as db:
            db.executemany("DELETE FROM labels WHERE id=?", ((one,) for one in remove))
            db.executemany(
                "INSERT OR REPLACE INTO labels VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", add
            )

    def select(
        self,
        where: str = "1",
        values: Sequence[object] = (),
        *,
        limit: int | None = None,
        body: bool = False,
    ) -> Iterator[LabelRow]:
        """Yield labels, newest first; `body` only where it is `rare`, unless asked for."""
        wanted = "body" if body else "CASE WHEN rare THEN body ELSE x'' END"
        rows = self._db.execute(
            "SELECT id, name, digest, project, created_us, description, files, bytes, rare,"  # noqa: S608 - `where` is ours
            f" {wanted} FROM labels WHERE {where} ORDER BY id DESC LIMIT ?",
            (*values, -1 if limit is None else limit),
        )
        return map(_label_row, rows)


def _rows(blocks: Sequence[Block], first: int) -> Iterator[tuple[bytes, int, int, int]]:
    for number, block in enumerate(blocks):
        start = 0
        for digest, length in block.chunks:
            yield digest, first + number, start, length
            start += length
