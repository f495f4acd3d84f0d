"""Sweeps that go on without their client, and how several clients work on one."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.testing.command_line import OUTRIG

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.testing.command_line import CommandLine

LIMIT_S = 60.0


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that will come."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def sweep(run: CommandLine) -> dict[str, object]:
    """Return the newest sweep as it is listed."""
    listed: list[dict[str, object]] = json.loads(run("sweep", "list", "--output", "json").out)
    return listed[0]


def ended(run: CommandLine, state: str) -> None:
    until(lambda: sweep(run)["state"] == state, f"the sweep is not {state}: {sweep(run)}")


def go() -> None:
    """Let the cases of `wait` end."""
    (Path.home() / "go").touch()


def test_a_detached_sweep_goes_on_in_the_background(run: CommandLine, sweeps: Path) -> None:
    started = run("session", "start", "wait", "--n", "range:3", "--max-parallel", "2", "--detach")
    assert started.exit_code == 0, started.err
    assert started.out.strip() == sweep(run)["id"]
    until(lambda: sweep(run)["running"] == 2, "two cases run")
    assert sweep(run)["queued"] == 1
    go()
    watched = run("sweep", "watch", "--quiet")
    assert watched.exit_code == 0, watched.err
    assert sweep(run)["state"] == "SUCCEEDED"


def test_the_background_brings_outputs_back_and_tells_somebody(
    run: CommandLine, sweeps: Path
) -> None:
    told = Path.home() / "told"
    words = ("session", "start", "train", "--lr", "case:1,2", "--enqueue-only", "--rm")
    result = run(*words, "--notify", f'command:echo "$OUTRIG_SWEEP_STATE" > {told}')
    assert result.exit_code == 0, result.err
    until(told.exists, "nobody was told")
    until(lambda: told.read_text() == "SUCCEEDED\n", told.read_text())
    assert (sweeps / "outputs/train-1/1/result.txt").read_text() == "lr 2 seed 0\n"

    def removed() -> bool:
        return run("session", "list", "--output", "json").out.strip() == "[]"

    until(removed, "the session was not ended")
    rows = json.loads(run("sweep", "results", "--output", "json").out)
    assert [row["loss"] for row in rows] == [1.0, 2.0]


def test_a_killed_client_loses_nothing(run: CommandLine, sweeps: Path) -> None:
    client = run.start("session", "start", "wait", "--n", "range:4", "--max-parallel", "2")
    assert client.read_line().endswith("waiting\n")
    client.send(signal.SIGKILL)
    client.wait()
    go()
    ended(run, "SUCCEEDED")
    assert len(json.loads(run("run", "list", "--output", "json").out)) == 4


def test_cancelling_ends_what_runs_and_what_waits(run: CommandLine, sweeps: Path) -> None:
    client = run.start("session", "start", "wait", "--n", "range:5", "--max-parallel", "2")
    assert client.read_line().endswith("waiting\n")
    result = run("sweep", "cancel")
    assert result.err == "wait-1 is CANCELLED\n"
    assert client.wait().exit_code != 0
    rows = json.loads(run("sweep", "show", "--output", "json").out)
    assert {row["state"] for row in rows} == {"CANCELLED"}
    go()
    resumed = run("sweep", "resume")
    assert resumed.exit_code == 0, resumed.err
    assert "5 cases to run again" in resumed.err
    assert "has ended already: SUCCEEDED" in run("sweep", "cancel").err


def test_ctrl_c_leaves_it_running_and_watch_comes_back(run: CommandLine, sweeps: Path) -> None:
    client = run.start("session", "start", "wait", "--n", "range:2")
    assert client.read_line().endswith("waiting\n")
    client.send(signal.SIGINT)
    result = client.wait()
    assert result.exit_code == 130
    assert "come back" in result.err.lower()
    assert sweep(run)["state"] == "RUNNING"
    go()
    assert run("sweep", "watch", "wait-1").exit_code == 0


def test_ctrl_c_twice_cancels(run: CommandLine, sweeps: Path) -> None:
    client = run.start("session", "start", "wait", "--n", "range:2")
    for _ in range(5):  # the second one may come too late where this process is given no time
        assert client.read_line().endswith("waiting\n")
        client.send(signal.SIGINT)
        while "Ctrl-C again" not in client.read_error_line():
            pass
        client.send(signal.SIGINT)
        assert client.wait().exit_code == 130
        if sweep(run)["state"] == "CANCELLED":
            return
        client = run.start("sweep", "watch")
    raise AssertionError("it was not cancelled")


def test_ctrl_c_before_it_has_begun_cancels(run: CommandLine, sweeps: Path) -> None:
    client = run.start("session", "start", "train", "--lr", "case:1,2", "--starts-at", "1d")
    until(lambda: run("sweep", "list").out != "", "the sweep is not recorded")
    client.send(signal.SIGINT)
    assert client.wait().exit_code == 130
    assert sweep(run)["state"] == "CANCELLED"
    assert run("session", "list", "--all").err == "no sessions\n"


def test_cancelling_while_it_waits_for_its_time(run: CommandLine, sweeps: Path) -> None:
    words = ("session", "start", "train", "--lr", "case:1,2", "--starts-at", "2h", "--detach")
    assert run(*words).exit_code == 0
    assert sweep(run)["state"] == "WAITING"
    assert run("sweep", "cancel").err == "train-1 is CANCELLED\n"
    assert sweep(run)["cancelled"] == 2


def test_a_moment_that_has_come_starts_it(run: CommandLine, sweeps: Path) -> None:
    words = ("session", "start", "train", "--lr", "case:1", "--quiet")
    assert run(*words, "--starts-at", "2020-01-01T00:00").exit_code == 0
    wrong = run(*words, "--starts-at", "tomorrow")
    assert wrong.exit_code == 125
    assert "is no moment" in wrong.err


def test_a_sweep_waits_for_what_it_depends_on(run: CommandLine, sweeps: Path) -> None:
    first = run("session", "start", "wait", "--n", "case:1", "--detach").out.strip()
    words = ("session", "start", "train", "--lr", "case:1,2", "--depends", first, "--enqueue-only")
    assert run(*words).exit_code == 0
    assert sweep(run)["state"] == "WAITING"
    go()
    ended(run, "SUCCEEDED")


def test_a_sweep_is_cancelled_when_what_it_depends_on_fails(run: CommandLine, sweeps: Path) -> None:
    (Path.home() / "fail").touch()
    assert run("session", "start", "train", "--code", "case:3").exit_code == 3
    result = run("session", "start", "train", "--lr", "case:1,2", "--depends", "train-1")
    assert result.exit_code == 125
    assert "train-1, which it depends on, is FAILED" in result.err
    unknown = run("session", "start", "train", "--lr", "case:1", "--depends", "nothing")
    assert 'no run and no sweep is called "nothing"' in unknown.err


def test_what_fails_is_run_again_as_often_as_asked(run: CommandLine, sweeps: Path) -> None:
    (Path.home() / "fail").touch()
    words = (
        "session",
        "start",
        "train",
        "--code",
        "case:0,5",
        "--retries",
        "2",
        "--backoff",
        "0.1",
    )
    result = run(*words)
    assert result.exit_code == 1
    assert len([line for line in result.out.splitlines() if line.startswith("[1 ")]) == 3
    (row,) = json.loads(run("sweep", "show", "--state", "FAILED", "--output", "json").out)
    assert (row["attempt"], row["exit_code"]) == (3, 5)


def test_a_case_that_never_ends_is_timed_out(run: CommandLine, sweeps: Path) -> None:
    result = run("session", "start", "wait", "--n", "case:1,2", "--timeout", "0.3")
    assert result.exit_code == 124
    shown = json.loads(run("sweep", "show", "--output", "json").out)
    assert {row["reason"] for row in shown} == {"timed out after 0.3 s"}


def test_waiting_has_an_end(run: CommandLine, sweeps: Path) -> None:
    full = ("session", "start", "wait", "--resources", "memory=1m,cpu=0.01")
    assert run(*full, "--n", "case:1", "--max-parallel", "1", "--detach").exit_code == 0
    words = (
        "session",
        "start",
        "train",
        "--starts-at",
        "1d",
        "--max-wait",
        "0.1",
        "--lr",
        "case:1",
    )
    result = run(*words)
    assert result.exit_code == 125
    assert "no case has started yet; it stays queued" in result.err
    assert sweep(run)["state"] == "WAITING"
    assert run("sweep", "cancel", "train-1", "wait-1").exit_code == 0


def test_two_clients_cancel_and_resume_one_sweep(run: CommandLine, sweeps: Path) -> None:
    run("session", "start", "wait", "--n", "range:6", "--detach")
    both = [run.start("sweep", "cancel") for _ in range(2)]
    assert [one.wait().exit_code for one in both] == [0, 0]
    ended(run, "CANCELLED")
    go()
    both = [run.start("sweep", "resume", "--quiet") for _ in range(2)]
    ends = [one.wait() for one in both]
    assert [(one.exit_code, one.err) for one in ends if one.exit_code] == []
    assert sweep(run)["state"] == "SUCCEEDED"
    done = [
        row
        for row in json.loads(run("run", "list", "--output", "json").out)
        if row["state"] == "SUCCEEDED"
    ]
    assert len(done) == 6


def test_an_unfinished_sweep_is_not_started_twice_or_forgotten(
    run: CommandLine, sweeps: Path
) -> None:
    words = ("session", "start", "wait", "--n", "range:2", "--detach")
    assert run(*words).exit_code == 0
    again = run(*words)
    assert again.exit_code == 125
    assert 'sweep "wait-1" runs the same cases and has not ended' in again.err
    assert "has not ended" in run("sweep", "rm").err
    go()
    ended(run, "SUCCEEDED")


def test_a_stopped_session_ends_its_sweep(run: CommandLine, sweeps: Path) -> None:
    run("session", "start", "wait", "--n", "range:3", "--detach", "--name", "s")
    assert run("session", "stop", "s").exit_code == 0
    ended(run, "FAILED")
    rows = json.loads(run("sweep", "show", "--output", "json").out)
    assert {row["reason"] for row in rows} == {"the session was stopped"}


def test_driving_by_hand(run: CommandLine, sweeps: Path) -> None:
    run("session", "start", "wait", "--n", "range:2", "--detach")
    go()
    assert run("sweep", "drive", "wait-1").exit_code == 0
    assert run("sweep", "drive").exit_code == 0
    assert sweep(run)["state"] == "SUCCEEDED"


def test_what_to_notify_is_checked_first(run: CommandLine, sweeps: Path) -> None:
    result = run("session", "start", "train", "--lr", "case:1", "--notify", "smoke")
    assert result.exit_code == 125
    assert "is nobody to tell" in result.err
    assert run("sweep", "list").err == "no sweeps\n"


def test_a_live_table_on_a_terminal(run: CommandLine, sweeps: Path) -> None:
    master, follower = pty.openpty()
    words = ("session", "start", "wait", "--n", "range:3", "--max-parallel", "2")
    client = subprocess.Popen(
        (*OUTRIG, *words), cwd=sweeps, stdin=follower, stdout=follower, stderr=follower
    )
    os.close(follower)
    read_until(master, "2 RUNNING")
    for shown in ("1 n=1  ", "waiting", "2 n=2  QUEUED"):  # drawn again and again
        read_until(master, shown)
    go()
    read_until(master, "wait-1: SUCCEEDED (3 SUCCEEDED)")
    assert client.wait(LIMIT_S) == 0
    os.close(master)


def read_until(terminal: int, text: str) -> str:
    """Return what a terminal shows up to some text."""
    seen = ""
    deadline = time.monotonic() + LIMIT_S
    while text not in seen:
        assert time.monotonic() < deadline, seen
        if select.select([terminal], [], [], 1)[0]:
            seen += os.read(terminal, 65536).decode(errors="replace")
    return seen
