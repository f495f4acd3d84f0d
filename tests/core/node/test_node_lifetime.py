"""Sessions that end by themselves: idle, or over their age; what is in use is not idle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.errors import OutrigError
from outrig.ids import new_id
from outrig.model.node import Lifetime
from outrig.model.run import RunStatus, Task
from tests.core.node.test_node_removed import keeper_pid, state, wait_until_gone

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.providers import Held
    from outrig_local.provider import LocalProvider


def wait_until_ended(root: Path, held: Held) -> None:
    while not (root / "s" / held.session_id / "ended").exists():
        pass


def test_an_idle_session_ends(root: Path, provider: LocalProvider, held: Held) -> None:
    provider.arm(held.session_id, held.nodes, Lifetime(idle_s=0.2))
    wait_until_ended(root, held)
    with pytest.raises(OutrigError, match=r"the node ended session .*: it was idle for 0.2 s"):
        held.sh("true")


def test_an_ended_session_is_taken_into_use_again(
    root: Path, provider: LocalProvider, held: Held
) -> None:
    held.sh("echo kept > file")
    provider.arm(held.session_id, held.nodes, Lifetime(idle_s=0.1))
    wait_until_ended(root, held)
    held.sync({})
    assert held.sh("cat file")[1] == b"kept\n"


def test_a_session_over_its_age_ends_with_its_runs(
    root: Path, provider: LocalProvider, held: Held
) -> None:
    (ref,) = held.start(Task(id=new_id(), script="sleep 600"))
    provider.arm(held.session_id, held.nodes, Lifetime(max_age_s=0.3))
    (state,) = held.wait(ref)
    assert state.status is RunStatus.CANCELLED
    assert state.reason == "the session was over its age of 0.3 s"
    wait_until_ended(root, held)


def test_what_runs_is_not_idle(root: Path, provider: LocalProvider, held: Held) -> None:
    provider.arm(held.session_id, held.nodes, Lifetime(idle_s=0.2))
    assert held.sh("sleep 0.6; echo done")[1] == b"done\n"
    wait_until_ended(root, held)


def test_what_is_only_beneath_other_runs_lets_a_session_be_idle(
    root: Path, provider: LocalProvider, held: Held
) -> None:
    beneath = Task(id=new_id(), script="sleep 600", variables={"OUTRIG_BESIDE": "1"})
    (ref,) = held.start(beneath)
    provider.arm(held.session_id, held.nodes, Lifetime(idle_s=0.2))
    wait_until_ended(root, held)
    (state,) = held.wait(ref)
    assert state.reason == "the session was idle for 0.2 s"


def test_it_can_be_disarmed(root: Path, provider: LocalProvider, held: Held) -> None:
    provider.arm(held.session_id, held.nodes, Lifetime(max_age_s=600))
    provider.arm(held.session_id, held.nodes, Lifetime())
    assert not (root / "s" / held.session_id / "lifetime").exists()
    assert held.sh("echo goes on")[1] == b"goes on\n"


def test_ending_an_armed_session_lets_the_keeper_go(
    root: Path, provider: LocalProvider, held: Held
) -> None:
    provider.arm(held.session_id, held.nodes, Lifetime(max_age_s=600))
    keeper = keeper_pid(root)
    held.end()
    wait_until_gone(keeper)
    assert state(keeper) == "Z"
