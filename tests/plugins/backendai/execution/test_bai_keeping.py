"""What is kept of what sessions printed, and for how long."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from outrig_backendai.execution.keeping import KEPT_S, clear_logs

if TYPE_CHECKING:
    from pathlib import Path

NOW = 2_000_000_000.0


def kept(home: Path, name: str, age_s: float) -> Path:
    path = home / f"{name}.stdout.log"
    path.write_text("printed\n")
    os.utime(path, (NOW - age_s, NOW - age_s))
    return path


def test_what_was_printed_long_ago_is_removed_at_most_once_a_day(tmp_path: Path) -> None:
    old, young = kept(tmp_path, "old", KEPT_S + 60), kept(tmp_path, "young", KEPT_S - 60)

    clear_logs(tmp_path, NOW)
    os.utime(tmp_path / "cleared", (NOW, NOW))
    later = kept(tmp_path, "later", KEPT_S + 60)
    clear_logs(tmp_path, NOW + 3600)

    assert (old.exists(), young.exists(), later.exists()) == (False, True, True)
    clear_logs(tmp_path, NOW + 86401)
    assert not later.exists()
