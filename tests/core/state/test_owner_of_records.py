"""The id of a state directory, which everything made outside carries."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from outrig.errors import ConfigError
from outrig.state.owner import owner_id

if TYPE_CHECKING:
    from pathlib import Path


def test_it_is_made_once_and_private(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: owner_id(str(directory)), range(32)))
    assert len(found) == 1
    assert [one.name for one in directory.iterdir()] == ["owner"]
    assert (directory / "owner").stat().st_mode & 0o777 == 0o600
    assert owner_id(str(tmp_path / "other")) not in found


def test_where_it_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(ConfigError, match="owner cannot be used"):
        owner_id(str(tmp_path / "state"))
