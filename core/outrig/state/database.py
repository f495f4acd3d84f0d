"""Opening, migrating and using the database.

WAL mode, so readers never wait for a writer. Every write is one `BEGIN IMMEDIATE` transaction, so
two processes that change the same thing take turns instead of failing half way.
"""

from __future__ import annotations

import errno
import sqlite3
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.errors import ConfigError, OutrigError
from outrig.state.schema import MIGRATIONS
from outrig.wal import keep_log

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BUSY_TIMEOUT_S = 30.0
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
_REFUSED = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)


class Database:
    """One connection; threads of this process take turns."""

    def __init__(
        self, directory: str, name: str = "outrig.db", migrations: Sequence[str] = MIGRATIONS
    ) -> None:
        """Open a file of `directory`, making both (0700, 0600); raises `ConfigError`.

        Where it cannot be written it is opened for reading. `migrations` are scripts that make its
        tables, in order; those it has seen are not run again.
        """
        self.path = f"{directory}/{name}"
        self._migrations = tuple(migrations)
        self._lock = threading.RLock()
        try:
            self._connection = self._writable(directory)
        except (OSError, sqlite3.Error) as err:
            found = self._readable(err)
            if found is None:
                raise _unusable(self.path, err) from err
            self._connection = found

    def _writable(self, directory: str) -> sqlite3.Connection:
        Path(directory).mkdir(mode=0o700, parents=True, exist_ok=True)
        Path(self.path).touch(mode=0o600)
        connection = self._open()
        self._migrate(connection)
        return connection

    def _readable(self, err: Exception) -> sqlite3.Connection | None:
        """Return a connection that only reads, if writing is all that was refused."""
        code = getattr(err, "sqlite_errorcode", 0) & 0xFF
        refused = getattr(err, "errno", None) in _READ_ONLY or code in _REFUSED
        if not refused or not Path(self.path).is_file() or not Path(self.path).stat().st_size:
            return None
        from urllib.parse import quote

        name = quote(str(Path(self.path).absolute()))
        for how in ("mode=ro", "immutable=1"):  # a log that cannot be shared is read by the second
            try:
                connection = sqlite3.connect(
                    f"file:{name}?{how}", uri=True, isolation_level=None, check_same_thread=False
                )
                if _version(connection) == len(self._migrations):
                    return connection
            except sqlite3.Error:
                continue
        return None

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        keep_log(connection, _BUSY_TIMEOUT_S)
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        if _version(connection) == len(self._migrations):
            return
        with self._lock, _transaction(connection):
            version = _version(connection)
            if version > len(self._migrations):
                raise ConfigError(
                    f"{self.path} was written by a newer Outrig", hint="upgrade Outrig"
                )
            for script in self._migrations[version:]:
                for statement in script.split(";"):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(self._migrations)}")

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """Run one transaction; with `durable` it has reached the disk when this returns."""
        with self._lock:
            try:
                if durable:
                    self._connection.execute("PRAGMA synchronous = FULL")
                with _transaction(self._connection):
                    yield self._connection
            except sqlite3.IntegrityError:
                raise
            except sqlite3.DatabaseError as err:
                raise _unusable(self.path, err) from err
            finally:
                if durable:
                    self._connection.execute("PRAGMA synchronous = NORMAL")

    def read(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Return all rows of a query; raises `ConfigError` when the database is damaged."""
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.DatabaseError as err:
                raise _unusable(self.path, err) from err

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _unusable(path: str, err: Exception) -> OutrigError:
    damaged = isinstance(err, sqlite3.DatabaseError) and not isinstance(
        err, sqlite3.OperationalError
    )
    hint = (
        f"move {path}* away; snapshots stay, and outrig gc finds what sessions left"
        if damaged
        else "free some disk space, make it writable, or set OUTRIG_HOME to another directory"
    )
    return ConfigError(f"the records in {path} cannot be used: {err}", hint=hint)
