"""What a run used: noted an instant after its end, and never missed."""

from __future__ import annotations

import fcntl
import os
import threading
from typing import TYPE_CHECKING

from outrig.node.program.runs import usage_of

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 1000


def note_usage_and_let_go(directory: Path, lock: int) -> None:
    (directory / "usage").write_text('{"cpu_s": 1.5}')
    os.close(lock)


def test_usage_noted_while_somebody_asks_is_not_missed(tmp_path: Path) -> None:
    missed = []
    for number in range(ROUNDS):
        directory = tmp_path / str(number)
        directory.mkdir()
        lock = os.open(directory / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        shim = threading.Thread(target=note_usage_and_let_go, args=(directory, lock))
        shim.start()
        if usage_of(str(directory)) != {"cpu_s": 1.5}:
            missed.append(number)
        shim.join()
    assert missed == []


def test_usage_nobody_will_note_any_more_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    assert usage_of(str(tmp_path)) is None
