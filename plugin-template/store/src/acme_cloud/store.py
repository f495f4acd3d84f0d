"""The snapshot store `acme:///path/of/a/file`: objects are rows of an SQLite database.

A store is four methods; snapshots, chunks and indexes are Outrig's. Yours calls its service here.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import ObjectInfo, ObjectStore, Settings, setting
from outrig.errors import ConfigError, NotFoundError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TABLE = (
    "CREATE TABLE IF NOT EXISTS objects (key TEXT PRIMARY KEY, data BLOB NOT NULL,"
    " modified_s REAL NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS REAL)))"
)


@dataclass(frozen=True, kw_only=True)
class AcmeSettings(Settings):
    """Settings: keys `stores.acme.…`, variables `OUTRIG_ACME_…`."""

    timeout_s: float = setting(60.0, help="how long to wait for other writers", unit="seconds")


class AcmeStore(ObjectStore):
    """Objects in one file; several processes and threads may use it at once."""

    settings_type = AcmeSettings

    def __init__(self, url: str, settings: Settings) -> None:
        super().__init__(url, settings)
        path = url.partition("://")[2]
        if not Path(path).is_absolute():
            raise ConfigError(f'"{url}" names no file', hint="write it as acme:///path/of/a/file")
        self._path = Path(path)
        self._timeout_s = settings.timeout_s if isinstance(settings, AcmeSettings) else 60.0

    def put(self, key: str, data: bytes | memoryview, *, if_absent: bool) -> bool:
        """Write an object; false if the key is taken and `if_absent` is set."""
        otherwise = "IGNORE" if if_absent else "REPLACE"
        with self._database() as database:
            done = database.execute(
                f"INSERT OR {otherwise} INTO objects (key, data) VALUES (?, ?)",  # noqa: S608
                (key, bytes(data)),
            )
        return done.rowcount == 1

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Read an object, or `length` bytes of it from `start` on."""
        count = (1 << 31) - 1 if length is None else length
        with self._database() as database:
            found = database.execute(
                "SELECT substr(data, ?, ?) FROM objects WHERE key = ?", (start + 1, count, key)
            ).fetchone()
        if found is None:
            raise NotFoundError(f"there is no {key} in {self.url}")
        return bytes(found[0] or b"")

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield every object whose key begins with `prefix`."""
        with self._database() as database:
            rows = database.execute(
                "SELECT key, length(data), modified_s FROM objects WHERE substr(key, 1, ?) = ?",
                (len(prefix), prefix),
            ).fetchall()
        return (ObjectInfo(key, size, modified_s) for key, size, modified_s in rows)

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; missing ones are success."""
        with self._database() as database:
            database.executemany("DELETE FROM objects WHERE key = ?", ((key,) for key in keys))

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction; what SQLite raises becomes one line."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=self._timeout_s)
            with closing(connection) as database, database:
                database.execute(TABLE)
                yield database
        except (sqlite3.Error, OSError) as err:
            raise StoreError(f"{self.url}: {err}") from err
