"""Logs that are followed: nothing is asked twice, and nothing that came is missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.ids import new_id
from outrig.model.run import RunStatus, Stream, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.testing.providers import Held
    from outrig_local.provider import LocalProvider

    Count = Callable[[], int]

DOOR = "while [ ! -e %s ]; do sleep 0.02; done\n"


@pytest.fixture
def questions(held: Held, provider: LocalProvider) -> Count:
    """Count how often the node is asked for a log."""
    client = provider.client(held.nodes[0])
    asked: list[str] = []
    start = client.start

    def counting(reply: type[object], op: str, **fields: object) -> object:
        asked.append(op)
        return start(reply, op, **fields)

    client.start = counting  # type: ignore[method-assign,assignment]
    return lambda: asked.count("read_log")


def test_what_a_wait_has_told_is_not_asked(held: Held, questions: Count) -> None:
    (ref,) = held.start(Task(id=new_id(), script="printf abc"))
    held.wait(ref)
    assert held.runner.read_log(ref, Stream.OUT, 0, 100).data == b"abc"
    before = questions()
    out, err = (
        held.runner.read_log(ref, one, n, 100) for one, n in zip(Stream, (3, 0), strict=True)
    )
    assert (out.data, out.ended, err.data, err.ended) == (b"", True, b"", True)
    assert questions() == before


def test_who_asks_again_is_told_what_came_meanwhile(held: Held, questions: Count) -> None:
    script = f"printf one; {DOOR % 'a'} printf two; touch b; {DOOR % 'c'}"
    (ref,) = held.start(Task(id=new_id(), script=script))
    held.wait_for_output(ref, b"one")
    assert held.runner.wait((ref,), 0.0)[0].status is RunStatus.RUNNING
    held.sh(f"touch a; {DOOR % 'b'}")
    first = held.runner.read_log(ref, Stream.OUT, 3, 100)
    assert (first.data, first.ended) == (b"", False)
    assert held.runner.read_log(ref, Stream.OUT, 3, 100).data == b"two"
    held.sh("touch c")
    held.wait(ref)


def test_a_state_that_was_asked_for_says_nothing_of_logs(held: Held) -> None:
    script = f"{DOOR % 'a'} printf late"
    (ref,) = held.start(Task(id=new_id(), script=script))
    while held.runner.wait((ref,), 10.0)[0].status is RunStatus.QUEUED:
        pass
    held.sh("touch a")
    while not held.runner.observe((ref,))[0].status.ended:
        pass
    assert held.runner.read_log(ref, Stream.OUT, 0, 100).data == b"late"
