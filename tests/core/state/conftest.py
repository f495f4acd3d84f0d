"""A state directory and records to put there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.ids import new_id
from outrig.model.session import Session, SessionState
from outrig.state.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """An empty state directory, open."""
    made = State(str(tmp_path / "state"))
    yield made
    made.database.close()


@pytest.fixture
def session() -> Callable[..., Session]:
    """Make session records."""

    def make(name: str = "train", **fields: object) -> Session:
        one = Session(
            id=new_id(),
            name=name,
            project_id="p1",
            project_name="hello",
            project_root=Path("/somewhere/h\udce4llo world"),
            provider="local",
            state=SessionState.PENDING,
            created_at=NOW,
            used_at=NOW,
        )
        return replace(one, **fields)  # type: ignore[arg-type]

    return make
