"""A snapshot store of a third party: every object is a row of one SQLite file.

`sqlite:///path/to/file.db`. The four methods are all that Outrig needs.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from outrig.api import ObjectInfo, ObjectStore, Settings, setting
from outrig.errors import ConfigError, NotFoundError, StoreError

_LONGEST = (1 << 31) - 1
_TABLE = "CREATE TABLE IF NOT EXISTS objects (key TEXT PRIMARY KEY, data BLOB, made_s REAL)"


@dataclass(frozen=True, kw_only=True)
class SqliteSettings(Settings):
    """Becomes stores.sqlite.busy_s, OUTRIG_SQLITE_BUSY_S and --sqlite-busy-s."""

    busy_s: float = setting(30.0, help="how long to wait for another writer", unit="seconds")


class SqliteStore(ObjectStore):
    """Objects as rows."""

    settings_type = SqliteSettings

    def __init__(self, url: str, settings: Settings) -> None:
        super().__init__(url, settings)
        self._file = Path(url.removeprefix("sqlite://"))
        if not self._file.is_absolute():
            raise ConfigError(f'"{url}" names no file', hint="write it as sqlite:///file.db")
        self._busy_s = settings.busy_s if isinstance(settings, SqliteSettings) else 30.0

    def put(self, key: str, data: bytes | memoryview, *, if_absent: bool) -> bool:
        """Write an object whole or not at all: a transaction does that."""
        verb = "INSERT OR IGNORE" if if_absent else "INSERT OR REPLACE"
        with self._open() as db:
            row = (key, bytes(data), time.time())
            return db.execute(f"{verb} INTO objects VALUES (?, ?, ?)", row).rowcount == 1

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Return an object or a part of it."""
        with self._open() as db:
            row = db.execute(
                "SELECT substr(data, ?, ?) FROM objects WHERE key = ?",
                (start + 1, _LONGEST if length is None else length, key),
            ).fetchone()
        if row is None:
            raise NotFoundError(f"there is no {key} in {self.url}")
        return bytes(row[0] or b"")

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield the objects below a prefix."""
        with self._open() as db:
            rows = db.execute(
                "SELECT key, length(data), made_s FROM objects WHERE substr(key, 1, ?) = ?",
                (len(prefix), prefix),
            ).fetchall()
        return (ObjectInfo(*row) for row in rows)

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; those that are not there are fine."""
        with self._open() as db:
            db.executemany("DELETE FROM objects WHERE key = ?", ((key,) for key in keys))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction: the methods are called from several threads."""
        try:
            with closing(sqlite3.connect(self._file, timeout=self._busy_s)) as db, db:
                db.execute("BEGIN IMMEDIATE")
                db.execute(_TABLE)
                yield db
        except sqlite3.Error as err:
            raise StoreError(f"{self.url}: {err}") from err
