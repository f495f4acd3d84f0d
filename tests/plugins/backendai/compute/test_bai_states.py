"""Only the changes of status in the table are possible; all are walked."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import pytest

from outrig.errors import ConflictError
from outrig_backendai.compute.record import SessionStatus
from outrig_backendai.compute.request import NewSession
from outrig_backendai.compute.states import ALLOWED, may_become

if TYPE_CHECKING:
    from outrig_backendai.compute.sessions import Compute

DONE = (SessionStatus.TERMINATED, SessionStatus.CANCELLED)


def test_every_status_has_its_row_and_all_can_end() -> None:
    assert set(ALLOWED) == set(SessionStatus)
    for status in SessionStatus:
        reached, new = {status}, [status]
        while new:
            new = [one for now in new for one in ALLOWED[now] if one not in reached]
            reached.update(new)
        assert reached & set(DONE), status


def test_what_is_over_stays_so() -> None:
    for now, to in product(DONE, SessionStatus):
        assert may_become(now, to) == (now is to)
    for now, to in product(SessionStatus, SessionStatus):
        assert may_become(now, to) == (now is to or to in ALLOWED[now])


def test_a_record_cannot_be_changed_in_another_way(compute: Compute) -> None:
    session = compute.create(NewSession(image="python", name="waits")).session
    with pytest.raises(ConflictError, match="it cannot become RUNNING"):
        compute.directory.sessions.change(
            session.id, lambda one: replace(one, status=SessionStatus.RUNNING)
        )
    assert compute.directory.sessions.now(session) == session
