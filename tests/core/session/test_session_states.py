"""Every pair of states is tried: only what the tables name is possible."""

from __future__ import annotations

import itertools

import pytest

from outrig.errors import OutrigError
from outrig.model.run import RunStatus
from outrig.model.session import SessionState
from outrig.session.states import (
    RUN_TRANSITIONS,
    SESSION_TRANSITIONS,
    change_run,
    change_session,
)


@pytest.mark.parametrize(("now", "to"), [*itertools.product(SessionState, repeat=2)])
def test_only_listed_session_changes_are_possible(now: SessionState, to: SessionState) -> None:
    if to is now or to in SESSION_TRANSITIONS[now]:
        assert change_session(now, to) is to
    else:
        with pytest.raises(OutrigError, match=f"that is {now.value} cannot become {to.value}"):
            change_session(now, to)


@pytest.mark.parametrize(("now", "to"), [*itertools.product(RunStatus, repeat=2)])
def test_only_listed_run_changes_are_possible(now: RunStatus, to: RunStatus) -> None:
    if to is now or to in RUN_TRANSITIONS[now]:
        assert change_run(now, to) is to
    else:
        with pytest.raises(OutrigError, match=f"that is {now.value} cannot become {to.value}"):
            change_run(now, to)


def test_every_live_session_can_be_stopped() -> None:
    def reaches_an_end(state: SessionState) -> bool:
        seen, front = {state}, [state]
        while front:
            for after in SESSION_TRANSITIONS[front.pop()]:
                if after not in seen:
                    seen.add(after)
                    front.append(after)
        return any(one.ended for one in seen)

    assert all(reaches_an_end(state) for state in SessionState)


def test_ended_states_are_final() -> None:
    assert all(not SESSION_TRANSITIONS[one] for one in SessionState if one.ended)
    assert all(not RUN_TRANSITIONS[one] for one in RunStatus if one.ended)
    assert set(SESSION_TRANSITIONS) == set(SessionState)
    assert set(RUN_TRANSITIONS) == set(RunStatus)
