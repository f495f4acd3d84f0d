"""What is done to sessions that run: restart, rename, events, watch, ends of all kinds."""

from __future__ import annotations

import json
import signal
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from outrig.api import NewRun
from outrig.errors import ConflictError
from outrig_backendai.compute.dependants import dependants
from outrig_backendai.compute.record import SessionStatus
from outrig_backendai.compute.renaming import rename
from outrig_backendai.compute.restarting import restart
from outrig_backendai.place.entering import inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.api import Run
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute
    from tests.plugins.backendai.compute.conftest import Make
    from tests.plugins.backendai.conftest import Bai

S = SessionStatus


def _run(compute: Compute, session: ComputeSession, script: str) -> Run:
    there = compute.outrig_session(session)
    wanted = NewRun(script=inside(compute.place(session), script))
    return compute.outrig.execute(there, [wanted])[0]


def _succeeds(compute: Compute, session: ComputeSession, script: str) -> bool:
    run = _run(compute, session, script)
    ended = compute.outrig.wait(compute.outrig_session(session), [run])[0]
    return ended.state.exit_code == 0


def test_a_restart_ends_programs_keeps_files_and_begins_anew(
    compute: Compute, make: Make, bai: Bai
) -> None:
    again = make("again", bootstrap_script="echo begun >> begun")
    session = compute.wait_started(again)
    assert _succeeds(compute, session, "echo kept > file; touch /tmp/mark; sleep 600 & true")
    sleeping = _run(compute, session, "sleep 700")
    assert bai("restart", "again").checked().err == "Done.\n"
    now = compute.directory.sessions.now(session)
    assert (now.status, now.main.outrig_session_id) == (S.RUNNING, session.main.outrig_session_id)
    there = compute.outrig_session(now)
    assert compute.outrig.wait(there, [sleeping])[0].state.status.ended
    assert _succeeds(compute, now, 'test "$(cat file begun)" = "kept\nbegun\nbegun"')
    assert bai("restart", "nobody").exit_code == 4


def test_a_batch_session_that_is_restarted_runs_its_command_again(
    compute: Compute, make: Make
) -> None:
    session = compute.wait_started(make("task", batch="sleep 600"))
    now = restart(compute, session)
    assert now.main_run_id not in (None, session.main_run_id)
    compute.end(now)
    with pytest.raises(ConflictError, match="is TERMINATED, not RUNNING"):
        restart(compute, now)


def test_a_session_gets_another_name_unless_that_is_taken(
    compute: Compute, make: Make, bai: Bai
) -> None:
    first, second = make("first"), make("second")
    assert "is called training now" in bai("rename", "first", "training").checked().err
    assert compute.find("training").id == first.id
    taken = bai("rename", "second", "training")
    assert taken.exit_code == 2
    assert 'session "training" exists already' in taken.err
    assert bai("rename", "second", "x").exit_code == 2
    compute.end(second)
    with pytest.raises(ConflictError, match="is CANCELLED"):
        rename(compute, second, "other")


def test_events_are_told_from_the_beginning_until_the_end(
    compute: Compute, make: Make, bai: Bai
) -> None:
    session = compute.wait_started(make("heard"))
    listening = bai.run.start("bai", "events", "heard")
    names = []
    while "session_started" not in names:
        name, _, data = listening.read_line().partition(" ")
        names.append(name)
        assert json.loads(data)["sessionId"] == session.id
    assert names == [
        "session_enqueued",
        "session_scheduled",
        "kernel_preparing",
        "kernel_creating",
        "kernel_started",
        "session_started",
    ]
    compute.end(session)
    rest = [line.split()[0] for line in listening.wait().checked().lines]
    assert rest == [
        "kernel_terminating",
        "session_terminating",
        "kernel_terminated",
        "session_terminated",
    ]
    own = bai("events", "--scope", "kernel", session.id[:8]).checked().lines
    assert {line.split("_")[0] for line in own} == {"kernel"}


def test_watch_ends_as_the_command_did(compute: Compute, make: Make, bai: Bai) -> None:
    session = make("task", batch="sleep 0.3; exit 7")
    watched = bai("watch", "task")
    assert watched.exit_code == 7
    assert "session_failure" in watched.out
    assert compute.directory.sessions.now(session).exit_code == 7
    compute.wait_started(make("long"))
    over = bai("watch", "--max-wait", "1", "long")
    assert over.exit_code == 125
    assert 'session "long" is RUNNING still' in over.err
    assert bai("watch", "--max-wait", "-1", "long").exit_code == 125


def test_ctrl_c_leaves_a_waiting_session_in_the_queue(
    compute: Compute, make: Make, bai: Bai
) -> None:
    compute.wait_started(make("first", cluster_size=2))
    waiting = bai.run.start("bai", "start", "-t", "later", "--scaling-group", "tiny", "python")
    while not compute.directory.sessions.queue():
        compute.outrig.cancel.wait(0.05)
    waiting.send(signal.SIGINT)
    stopped = waiting.wait()
    assert stopped.exit_code == 130
    assert "stays in the queue" in stopped.err
    cancelled = bai("rm", "later").checked()
    assert cancelled.err == "Done.\n"
    assert compute.find("later", live=False).status is S.CANCELLED


def test_several_are_ended_at_once_with_those_that_depend_on_them(
    compute: Compute, make: Make, bai: Bai
) -> None:
    first = compute.wait_started(make("first", batch="sleep 600"))
    second = make("second", batch="true", depends=("first",))
    third = make("third", batch="true", depends=(second.id,))
    assert [one.id for one in dependants(compute, first)] == [third.id, second.id]
    ended = bai("rm", "-r", "-s", "first", "nobody")
    assert ended.exit_code == 1  # one could be ended, the other was not found
    assert "Done." not in ended.err
    assert "s of CPU, at most" in ended.out
    found = [compute.directory.sessions.now(one).status for one in (first, second, third)]
    assert found == [S.TERMINATED, S.CANCELLED, S.CANCELLED]


def test_what_failed_is_ended_by_force_only(compute: Compute, make: Make, bai: Bai) -> None:
    failed = make("failed", bootstrap_script="echo no such luck >&2; exit 9")
    refused = bai("start", "-t", "failed", "--scaling-group", "tiny", "python")
    assert refused.exit_code == 7
    assert "the bootstrap script failed on main1: no such luck" in refused.err
    assert compute.directory.sessions.now(failed).status is S.ERROR
    assert compute.outrig.sessions("backend.ai") == []
    kept = bai("rm", "failed")
    assert (kept.exit_code, "rm -f failed" in kept.err) == (2, True)
    bai("rm", "-f", "failed").checked()
    assert compute.directory.sessions.now(failed).status is S.TERMINATED


@contextmanager
def _hook() -> Iterator[tuple[str, list[dict[str, object]]]]:
    heard: list[dict[str, object]] = []

    class Hear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Hear) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/told", heard
        server.shutdown()
        thread.join()


def test_an_address_is_told_what_becomes_of_a_session(compute: Compute, make: Make) -> None:
    with _hook() as (url, heard):
        session = compute.wait_started(make("told", callback_url=url))
        compute.end(session)
    assert [one["event"] for one in heard] == [
        "session_enqueued",
        "session_scheduled",
        "session_preparing",
        "session_started",
        "session_terminating",
        "session_terminated",
    ]
    assert {one["session_id"] for one in heard} == {session.id}


def test_an_address_that_hears_nothing_stops_nothing(compute: Compute, make: Make) -> None:
    session = make("untold", callback_url="http://127.0.0.1:1/")
    assert compute.wait_started(session).status is S.RUNNING
