"""What is recorded comes back, by many processes at once, and damage is told in one line."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.errors import ConfigError, ConflictError
from outrig.ids import new_id
from outrig.model.node import Node
from outrig.model.run import Run, RunRef, RunState, RunStatus, Usage
from outrig.model.session import SessionState
from outrig.state.overview import last_used, overview
from outrig.state.schema import MIGRATIONS
from outrig.state.state import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from outrig.model.session import Session

    MakeSession = Callable[..., Session]


def _run(session: Session, now: datetime, status: RunStatus = RunStatus.RUNNING) -> Run:
    run_id = new_id()
    node = Node(id="local", provider="local")
    return Run(
        id=run_id,
        session_id=session.id,
        script="echo 'h\udce4llo'",
        created_at=now,
        state=RunState(id=run_id, status=status, usage=Usage(cpu_s=1.5, peak_memory_mib=20)),
        ref=RunRef(id=run_id, session_id=session.id, node=node),
        params={"lr": "0.1"},
    )


def test_a_session_comes_back_as_it_was(state: State, session: MakeSession) -> None:
    made = session(nodes=(Node(id="n", provider="local", data={"a": "b"}),))
    state.sessions.add(made)
    assert state.sessions.get(made.id) == made
    assert state.sessions.live("p1", "train") == made


def test_two_live_sessions_cannot_share_a_name(state: State, session: MakeSession) -> None:
    first = session()
    state.sessions.add(first)
    with pytest.raises(ConflictError, match='session "train" exists already'):
        state.sessions.add(session())
    state.sessions.change(first.id, lambda one: replace(one, state=SessionState.TERMINATED))
    state.sessions.add(session())
    assert len(state.sessions.select("p1")) == 1
    assert len(state.sessions.select("p1", ended=True)) == 2


def _node(number: int, price: str = "0.5", spot: str = "") -> Node:
    data = {"zone": "z-1", "type": "big", "price": price, "spot": spot}
    return Node(id=f"n{number}", provider="cloud", rank=number, data=data)


def test_what_nodes_have_cost_is_added_up_while_they_run(
    state: State, session: MakeSession
) -> None:
    made = session(nodes=(_node(0), _node(1, spot="yes")))
    state.sessions.add(made)
    begin, hour = made.created_at, timedelta(hours=1)
    state.sessions.change(made.id, lambda one: one.billed(begin, one.nodes))
    (running,) = overview(state.database, "p1")
    assert running.cloud is not None
    assert (running.cloud.zone, running.cloud.type) == ("z-1", "big, big spot")
    assert running.cloud.usd(begin + 2 * hour) == 2.0
    state.sessions.change(made.id, lambda one: one.billed(begin + 3 * hour, ()))
    (stopped,) = overview(state.database, "p1")
    assert stopped.cloud is not None
    assert stopped.cloud.usd(begin + 9 * hour) == 3.0


def test_what_runs_beside_others_is_not_what_a_session_runs(
    state: State, session: MakeSession
) -> None:
    made = session()
    state.sessions.add(made)
    for number, beside in enumerate((False, True)):
        run_id = f"run-{number}"
        status = RunState(id=run_id, status=RunStatus.RUNNING)
        one = Run(
            id=run_id,
            session_id=made.id,
            script=f"script {number}",
            created_at=made.created_at,
            state=status,
            beside=beside,
        )
        state.runs.put([one])
    (found,) = overview(state.database, "p1")
    assert (found.script, found.unfinished_runs) == ("script 0", 2)


def test_where_one_price_is_not_known_nothing_is_claimed(
    state: State, session: MakeSession
) -> None:
    made = session(nodes=(_node(0), _node(1, price="")))
    state.sessions.add(made.billed(made.created_at, made.nodes))
    (found,) = overview(state.database, "p1")
    assert found.cloud is not None
    assert found.cloud.usd_per_hour is None
    assert found.cloud.usd(made.created_at + timedelta(hours=1)) is None


def test_records_of_an_older_version_are_taken_over(state: State, session: MakeSession) -> None:
    made = session()
    state.sessions.add(made)
    path = state.database.path
    state.database.close()
    old = sqlite3.connect(path)
    old.execute("ALTER TABLE session DROP COLUMN cloud")
    old.execute(f"PRAGMA user_version = {len(MIGRATIONS) - 1}")
    old.commit()
    old.close()
    again = State(state.directory)
    assert [one.cloud for one in overview(again.database, "p1")] == [None]
    assert again.sessions.get(made.id) == made


def test_the_overview_says_what_the_records_say(state: State, session: MakeSession) -> None:
    made = session(snapshot_id="S1", error="broken")
    state.sessions.add(made)
    runs = [_run(made, made.created_at) for _ in range(2)]
    state.runs.put([*runs, _run(made, made.created_at, RunStatus.FAILED)])
    (summary,) = overview(state.database, "p1")
    assert summary.name == "train"
    assert summary.state == "PENDING"
    assert summary.root == str(made.project_root)
    assert summary.error == "broken"
    assert (summary.script, summary.unfinished_runs) == ("echo 'h\udce4llo'", 2)
    assert last_used([summary]) == summary
    assert overview(state.database, "other") == []


def test_runs_come_back_and_are_found_by_the_beginning_of_their_id(
    state: State, session: MakeSession
) -> None:
    made = session()
    run = _run(made, made.created_at)
    state.runs.put([run])
    assert state.runs.get(run.id[:20].lower()) == [run]
    assert state.runs.of_session(made.id, unfinished=True) == [run]
    ended = replace(run, state=replace(run.state, status=RunStatus.SUCCEEDED, exit_code=0))
    state.runs.put([ended])
    assert state.runs.unfinished() == []
    assert state.runs.newest(5) == [ended]


def test_events_are_numbered_in_order(state: State, session: MakeSession) -> None:
    made = session()
    first = state.events.add(made.id, "a", "one", time=made.created_at)
    second = state.events.add(made.id, "b", "two", time=made.created_at, duration_s=0.5)
    assert second.number > first.number
    assert state.events.of_session(made.id) == [first, second]
    assert state.events.of_session(made.id, first.number) == [second]


def test_the_journal_knows_what_may_still_exist(state: State) -> None:
    from outrig.state.journal import SessionJournal

    journal = SessionJournal(state.journal, "aws", "s1")
    intended = journal.intend("node", scope="eu", token="t1", tags={"a": "b"})
    journal.intend("key", scope="eu", token="t2", tags={}).created("k-1", "k-2")
    journal.intend("node", scope="us", token="t3", tags={}).nothing_made()
    entries = state.journal.open_entries("s1")
    assert [(one.kind, one.state, one.ids) for one in entries] == [
        ("node", "intended", ()),
        ("key", "created", ("k-1", "k-2")),
    ]
    intended.created("i-1")
    state.journal.released("s1")
    assert state.journal.open_entries() == []


def test_files_are_the_users_alone(state: State) -> None:
    path = Path(state.database.path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_the_owner_stays_the_same(state: State) -> None:
    assert state.projects.owner() == state.projects.owner()


def test_a_newer_database_is_refused(state: State, tmp_path: Path) -> None:
    with sqlite3.connect(state.database.path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ConfigError, match="was written by a newer Outrig"):
        State(str(tmp_path / "state"))


def test_a_damaged_database_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "outrig.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(ConfigError, match="cannot be used: file is not a database") as caught:
        State(str(tmp_path))
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(f"move {tmp_path}/outrig.db* away")


def test_a_directory_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"the records in .* cannot be used"):
        State(str(tmp_path / "file" / "state"))


_WRITER = """
import sys
from datetime import UTC, datetime
from outrig.state.state import State
state = State(sys.argv[1])
for number in range(50):
    state.events.add("s", "k", f"{sys.argv[2]} {number}", time=datetime.now(UTC))
state.database.close()
"""


def test_many_processes_write_at_once(state: State) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, state.directory, str(number)])
        for number in range(4)
    ]
    assert [one.wait(60) for one in writers] == [0] * 4
    events = state.events.of_session("s")
    assert len({one.message for one in events}) == 200
    assert [one.number for one in events] == sorted(one.number for one in events)


def test_a_directory_that_cannot_be_written_is_read(tmp_path: Path, session: MakeSession) -> None:
    place = tmp_path / "a disk? #1"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "outrig-test", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("file systems cannot be mounted here")
    try:
        state = State(str(place))
        one = session()
        state.sessions.add(one)
        state.database.close()
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        frozen = State(str(place))
        assert frozen.sessions.get(one.id) == one
        with pytest.raises(ConfigError, match="readonly"):
            frozen.sessions.add(session(name="other"))
        frozen.database.close()
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
