"""An engine that is closed leaves no process of its own behind, and can be used again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import NewRun, Outrig

if TYPE_CHECKING:
    from outrig.testing.fixtures import ProjectMaker


def children() -> set[str]:
    """Return the processes that this one started and that are still there."""
    lists = Path("/proc/self/task").glob("*/children")
    return {pid for one in lists for pid in one.read_text().split()}


def test_a_closed_engine_has_hung_up_and_connects_again(project: ProjectMaker) -> None:
    root = project({"outrig.yaml": {"name": "p"}})
    before = children()
    with Outrig() as outrig:
        session = outrig.start(outrig.request(outrig.project(root), name="s"))
        (run,) = outrig.execute(session, [NewRun(script="exit 3")])
        (ended,) = outrig.wait(session, [run])
        assert ended.state.exit_code == 3
        assert children() - before
    assert children() <= before
    outrig.stop(session)
    outrig.close()
    assert children() <= before
