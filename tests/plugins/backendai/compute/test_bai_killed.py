"""Whatever is killed, the records tell the truth at the next command; nothing is left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from outrig_backendai.compute.batch import COMMAND
from outrig_backendai.compute.record import SessionStatus
from outrig_backendai.compute.sessions import PROJECT

if TYPE_CHECKING:
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute
    from tests.plugins.backendai.compute.conftest import Make

S = SessionStatus
_DYING = """
import os, signal, sys
from outrig.api import Outrig
from outrig_backendai.compute import batch, ending, launching, restarting
from outrig_backendai.compute.sessions import Compute

what, module, name, when, ident = sys.argv[1:]

def dying(function):
    def call(*words, **named):
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        function(*words, **named)
        os.kill(os.getpid(), signal.SIGKILL)
    return call

modules = batch, ending, launching, restarting
module = next(one for one in modules if one.__name__.endswith(module))
setattr(module, name, dying(getattr(module, name)))
with Outrig() as engine:
    compute = Compute(engine)
    session = compute.directory.sessions.get(ident)
    if what == "start":
        compute.wait_started(session)
    elif what == "restart":
        restarting.restart(compute, session)
    else:
        compute.end(session)
print("lived on")
"""
_STARTING = [
    ("move", "before"),
    ("move", "after"),
    ("_start", "after"),
    ("equip", "before"),
    ("equip", "after"),
]


def _killed(what: str, module: str, name: str, when: str, session: ComputeSession) -> None:
    words = [sys.executable, "-c", _DYING, what, module, name, when, session.id]
    done = subprocess.run(words, capture_output=True, timeout=90, check=False)
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr


def _settled(compute: Compute, session: ComputeSession) -> ComputeSession:
    compute.settle()
    return compute.directory.sessions.now(session)


@pytest.mark.parametrize(("name", "when"), _STARTING)
def test_a_start_that_was_killed_is_in_the_queue_again(
    compute: Compute, make: Make, name: str, when: str
) -> None:
    session = make("begun")
    _killed("start", "launching", name, when, session)
    settled = _settled(compute, session)
    assert (settled.status, settled.attempts) == (S.PENDING, 1)
    assert settled.main.agent is None
    assert compute.outrig.sessions(PROJECT) == []
    assert compute.wait_started(settled).status is S.RUNNING
    assert len(compute.outrig.sessions(PROJECT)) == 1


def test_a_session_whose_starts_always_die_is_given_up(compute: Compute, make: Make) -> None:
    session = make("unlucky")
    for _ in range(3):
        _killed("start", "launching", "move", "after", session)
        session = _settled(compute, session)
    assert session.status is S.ERROR
    assert session.status_info == "its launch was cut short 3 times"
    assert compute.end(session, forced=True).status is S.TERMINATED


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_command_of_a_batch_session_is_started_once(
    compute: Compute, make: Make, when: str
) -> None:
    session = make("task", batch="sleep 600")
    _killed("start", "batch", "_started", when, session)
    assert compute.directory.sessions.now(session).main_run_id is None
    settled = _settled(compute, session)
    assert settled.status is S.RUNNING
    runs = compute.outrig.runs(compute.outrig_session(settled))
    assert [one.id for one in runs if one.command == COMMAND] == [settled.main_run_id]


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_end_that_was_killed_is_finished(compute: Compute, make: Make, when: str) -> None:
    session = compute.wait_started(make("ending"))
    _killed("end", "ending", "end_kernels", when, session)
    assert compute.directory.sessions.now(session).status is S.TERMINATING
    settled = _settled(compute, session)
    assert (settled.status, settled.status_info) == (S.TERMINATED, "user-requested")
    assert compute.outrig.sessions(PROJECT) == []


def test_a_restart_that_was_killed_goes_on(compute: Compute, make: Make) -> None:
    session = compute.wait_started(make("restarting"))
    _killed("restart", "restarting", "equip", "before", session)
    settled = _settled(compute, session)
    assert settled.status is S.RUNNING
    assert [one.id for one in compute.outrig.sessions(PROJECT)] == [settled.main.outrig_session_id]


def test_a_session_that_was_stopped_behind_its_back_is_over(compute: Compute, make: Make) -> None:
    session = compute.wait_started(make("stopped"))
    compute.outrig.stop(compute.outrig_session(session))
    settled = _settled(compute, session)
    assert settled.status is S.TERMINATED
    assert settled.status_info == "its Outrig session was stopped"
