"""An engine, and a session of its own on this computer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.engine import Outrig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.model.session import Session
    from outrig.testing.fixtures import ProjectMaker


@pytest.fixture
def outrig() -> Iterator[Outrig]:
    with Outrig() as engine:
        yield engine


@pytest.fixture
def session(outrig: Outrig, project: ProjectMaker) -> Iterator[Session]:
    root = project({"outrig.yaml": {"name": "p"}, "here.txt": "x"})
    found = outrig.start(outrig.request(outrig.project(root), name="s"))
    yield found
    with Outrig() as another:  # the first may have been asked to stop
        another.stop(found)
