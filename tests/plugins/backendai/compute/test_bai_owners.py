"""Whose sessions they are: keypairs, groups, and the limits of policies."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from outrig.errors import AuthError, CapacityError, ConfigError, NotFoundError
from outrig_backendai.compute.record import SessionStatus
from outrig_backendai.compute.request import NewSession
from outrig_backendai.compute.sessions import Compute
from outrig_backendai.directory.beginnings import new_access_key
from outrig_backendai.directory.identity import caller
from outrig_backendai.slots import Slots

if TYPE_CHECKING:
    from outrig.api import Outrig
    from tests.plugins.backendai.compute.conftest import Make
    from tests.plugins.backendai.conftest import Bai

S = SessionStatus


@pytest.fixture
def other_key(compute: Compute) -> str:
    """Make another user, who is no administrator and in no group; gives the access key."""
    key, user = new_access_key(), str(uuid.uuid4())
    with compute.directory.write() as rows:
        rows.execute(
            "INSERT INTO user VALUES (?, 'other@localhost', 'other', 'default', 'user', 1, '')",
            (user,),
        )
        rows.execute(
            "INSERT INTO keypair (access_key, secret_key, user_id, policy, is_active, is_admin,"
            " created_at) VALUES (?, 'secret', ?, 'default', 1, 0, '9')",
            (key, user),
        )
    return key


def _join(compute: Compute, key: str) -> None:
    found = compute.directory.keypairs.get(key)
    group = compute.directory.members.group("default", "default")
    assert found is not None
    assert group is not None
    with compute.directory.write() as rows:
        rows.execute("INSERT INTO membership VALUES (?, ?)", (group.id, found.user_id))


def _as(outrig: Outrig, key: str) -> Compute:
    compute = Compute(outrig)
    compute.__dict__["caller"] = caller(compute.directory, {"BACKEND_ACCESS_KEY": key})
    return compute


def test_the_first_user_is_made_once_and_is_superadmin(outrig: Outrig, compute: Compute) -> None:
    first = caller(compute.directory, {})
    assert (first.domain, first.group, first.is_superadmin) == ("default", "default", True)
    again = Compute(outrig)
    assert caller(again.directory, {"BACKEND_DOMAIN": "x"}).access_key == first.access_key
    again.directory.close()


@pytest.mark.parametrize(
    ("variables", "error"),
    [
        ({"BACKEND_ENDPOINT": "https://api.example"}, ConfigError),
        ({"BACKEND_ACCESS_KEY": "AKIANOBODY"}, AuthError),
    ],
)
def test_who_is_not_known_here_is_refused(
    compute: Compute, variables: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        caller(compute.directory, variables)
    own = compute.caller.access_key
    with pytest.raises(AuthError, match="BACKEND_SECRET_KEY"):
        caller(compute.directory, {"BACKEND_ACCESS_KEY": own, "BACKEND_SECRET_KEY": "x"})


def test_a_foreign_endpoint_is_refused_in_one_line(bai: Bai) -> None:
    words = ("bai", "start", "python")
    refused = bai.run(*words, env={"BACKEND_ENDPOINT": "https://api.example"})
    assert refused.exit_code == 3
    assert "talks to no server" in refused.err
    assert len(refused.err.splitlines()) == 2


def test_only_members_of_a_group_start_sessions_there(
    outrig: Outrig, compute: Compute, other_key: str
) -> None:
    other = _as(outrig, other_key)
    wanted = NewSession(image="python", name="theirs")
    with pytest.raises(AuthError, match="not a member of group"):
        other.create(wanted)
    with pytest.raises(AuthError, match="not a member of group"):
        compute.create(NewSession(image="python", owner=other_key))
    _join(compute, other_key)
    theirs = other.create(wanted).session
    assert theirs.access_key == other_key
    assert theirs.user_email == "other@localhost"
    other.directory.close()


def test_owners_do_not_see_each_others_sessions(
    outrig: Outrig, compute: Compute, other_key: str
) -> None:
    _join(compute, other_key)
    other = _as(outrig, other_key)
    mine = compute.create(NewSession(image="python", name="same-name")).session
    theirs = compute.create(NewSession(image="python", name="same-name", owner=other_key)).session
    assert mine.id != theirs.id
    assert compute.find("same-name").id == mine.id
    assert other.find("same-name").id == theirs.id
    assert compute.find("same-name", other_key).id == theirs.id
    with pytest.raises(NotFoundError):
        other.find(mine.id)
    with pytest.raises(AuthError, match="only administrators"):
        other.find("same-name", mine.access_key)
    with pytest.raises(AuthError, match="only administrators"):
        other.create(NewSession(image="python", owner=mine.access_key))
    other.directory.close()


def _limit(compute: Compute, column: str, value: object) -> None:
    with compute.directory.write() as rows:
        rows.execute(f"UPDATE policy SET {column} = ?", (value,))


def test_a_policy_bounds_how_many_run_at_once(compute: Compute, make: Make) -> None:
    _limit(compute, "max_concurrent_sessions", 1)
    first = compute.wait_started(make("first"))
    second = compute.wait_started(make("second"), 0.1)
    assert second.status is S.PENDING
    compute.end(first)
    assert compute.wait_started(second, 60).status is S.RUNNING


def test_a_policy_bounds_what_is_held_in_all(compute: Compute, make: Make) -> None:
    _limit(compute, "total_slots", '{"cpu": "1.5", "mem": "64g"}')
    with pytest.raises(CapacityError, match="policy default does not allow so much cpu"):
        make("large", slots=Slots(cpu=2, mem=64 << 20))
    first = compute.wait_started(make("first"))
    assert compute.wait_started(make("second"), 0.1).status is S.PENDING
    compute.end(first)


def test_a_policy_bounds_the_containers_of_a_session(compute: Compute, make: Make) -> None:
    _limit(compute, "max_containers_per_session", 2)
    with pytest.raises(CapacityError, match="allows 2 containers in a session, not 3"):
        make("wide", cluster_size=3)


def test_idle_sessions_end_by_themselves(compute: Compute, make: Make) -> None:
    _limit(compute, "idle_timeout_s", 0.5)
    session = compute.wait_started(make("idle"))
    deadline = 60 / 0.05
    while compute.directory.sessions.now(session).status.live:
        assert (deadline := deadline - 1) > 0
        compute.outrig.cancel.wait(0.05)
        compute.settle()
    ended = compute.directory.sessions.now(session)
    assert (ended.status, ended.status_info) == (S.TERMINATED, "idle-timeout")
