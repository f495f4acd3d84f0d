"""SQLite's write-ahead log, chosen also where several processes open a new file at once."""

from __future__ import annotations

import sqlite3
import time

_AGAIN_S = 0.01


def keep_log(connection: sqlite3.Connection, patience_s: float) -> None:
    """Choose WAL; raises `sqlite3.OperationalError` when others hold the file all that time.

    SQLite's own time-out does not count here: of several that change the mode at once all but
    one are told "database is locked" immediately.
    """
    last_s = time.monotonic() + patience_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as err:
            if "locked" not in str(err) or time.monotonic() > last_s:
                raise
            time.sleep(_AGAIN_S)
        else:
            return
