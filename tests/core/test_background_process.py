"""What goes on by itself is a process of its own, whose log does not grow for ever."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from outrig import __version__
from outrig.background import start_aside

if TYPE_CHECKING:
    from pathlib import Path


def test_a_command_goes_on_aside_and_prints_to_its_log(tmp_path: Path) -> None:
    log = tmp_path / "aside.log"
    log.write_bytes(b"x" * ((1 << 20) + 1))
    start_aside(str(tmp_path), ("--version",), "aside.log")
    deadline = time.monotonic() + 60
    while __version__ not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert log.read_text().strip().endswith(__version__)
    assert log.stat().st_size < 1000
