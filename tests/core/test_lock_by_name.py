"""A lock by name is held by one process, and free again when that one is gone."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from outrig.errors import ConfigError
from outrig.lock import Lock, is_held

if TYPE_CHECKING:
    from pathlib import Path

_HOLDER = """
import sys
from outrig.lock import Lock
print(Lock(sys.argv[1], "one").take(), flush=True)
sys.stdin.read()
"""


def test_the_kernel_drops_the_lock_of_a_killed_process(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"True\n"
    lock = Lock(str(tmp_path), "one")
    assert not lock.take()
    assert is_held(str(tmp_path), "one")
    holder.kill()
    holder.communicate()
    assert lock.take()
    assert lock.held
    lock.close()
    assert not is_held(str(tmp_path), "one")


def test_a_lock_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "locks").write_text("in the way")
    with pytest.raises(ConfigError, match="cannot lock one"):
        Lock(str(tmp_path), "one")
