"""The write-ahead log of a new file is chosen by many at once, and given up in time."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from outrig.wal import keep_log

if TYPE_CHECKING:
    from pathlib import Path


def _open(path: Path) -> str:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        keep_log(connection, 60)
        connection.execute("CREATE TABLE IF NOT EXISTS t (a)")
        return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


def test_many_open_a_new_file_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            found = list(pool.map(_open, [tmp_path / f"{number}.db"] * 8))
            assert found == ["wal"] * 8


def test_a_file_that_stays_locked_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "held.db"
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as holder,
        closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other,
    ):
        holder.execute("CREATE TABLE t (a)")
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            keep_log(other, 0.05)
