"""`bai logs`, `bai task-logs` and `bai run --attach`: what was printed, now and later."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig_backendai.compute.sessions import Compute
    from tests.plugins.backendai.conftest import Bai


def test_all_that_was_printed_is_there_also_after_the_end(bai: Bai, compute: Compute) -> None:
    bai("run", "-q", "-t", "printing", "-c", "print('one')", "python").checked()
    code = "import sys; print('two'); print('and', file=sys.stderr); sys.exit(6)"
    bai("run", "-q", "-t", "printing", "-c", code, "python")
    kernel = compute.find("printing").main.id

    now = bai("logs", "printing").checked()
    attached = bai("run", "--attach", "printing")
    bai("rm", "printing").checked()
    later = bai("session", "logs", "printing", "-k", "main1").checked()
    task = bai("task-logs", kernel[:13]).checked()

    assert (now.out, now.err) == ("one\ntwo\n", "and\n")
    assert (attached.exit_code, attached.out) == (6, "two\n")
    assert (later.out, later.err) == (now.out, now.err)
    assert (task.out, task.err) == (now.out, now.err)


def test_a_session_is_followed_to_its_end(bai: Bai, run: CommandLine, compute: Compute) -> None:
    bai("run", "-q", "-t", "followed", "-c", "print('early')", "python").checked()
    following = run.start("bai", "logs", "-f", "followed")
    assert following.read_line() == "early\n"

    bai("run", "-q", "-t", "followed", "-c", "print('late')", "python").checked()
    assert following.read_line() == "late\n"
    bai("rm", "followed").checked()

    assert following.wait().exit_code == 0


def test_what_a_killed_client_ran_is_come_back_to(
    bai: Bai, run: CommandLine, compute: Compute
) -> None:
    code = (
        "import os, sys, time\nprint('begun', flush=True)\nrest = sys.stdin.read()\n"
        "while not os.path.exists('go'): time.sleep(0.05)\nprint('over', rest); sys.exit(3)"
    )
    client = run.start("bai", "run", "-q", "-t", "killed", "-c", code, "python")
    assert client.read_line() == "begun\n"
    client.send(signal.SIGKILL)
    client.wait()
    (run.directory / "go").write_text("")
    bai("upload", "killed", "go").checked()

    attached = bai("run", "--attach", "killed")

    assert (attached.exit_code, attached.out.split()) == (3, ["begun", "over"])
    assert compute.find("killed").status.running


def test_ctrl_c_leaves_it_to_go_on_unless_the_session_was_to_end(
    bai: Bai, run: CommandLine, compute: Compute
) -> None:
    code = "import time; print('begun', flush=True); time.sleep(600)"
    kept = run.start("bai", "run", "-t", "kept", "-r", "cpu=0.1", "-c", code, "python")
    passing = run.start(
        "bai", "run", "--rm", "-t", "passing", "-r", "cpu=0.1", "-c", code, "python"
    )
    for client in (kept, passing):
        assert client.read_line() == "begun\n"
        client.send(signal.SIGINT)
    left, ended = kept.wait(120), passing.wait(120)

    assert (left.exit_code, ended.exit_code) == (130, 130)
    assert "come back: outrig bai run --attach kept" in left.err
    assert compute.find("kept").status.running
    assert not compute.find("passing", live=False).status.live
    assert bai("logs", "kept").checked().out == "begun\n"


def test_the_command_of_a_batch_session_is_followed_with_its_code(bai: Bai) -> None:
    command = "echo begun; exit 5"
    bai("start", "-t", "batched", "--type", "batch", "-c", command, "python").checked()

    followed = bai("logs", "-f", "batched")

    assert (followed.exit_code, followed.out) == (5, "begun\n")


def test_what_is_not_there_is_said(bai: Bai) -> None:
    bai("start", "-t", "silent", "python").checked()
    for words, code, message in (
        (("logs", "nobody"), 4, "nobody"),
        (("logs", "silent", "-k", "sub1"), 4, 'has no kernel "sub1"'),
        (("task-logs", "nobody"), 4, "nobody"),
        (("run", "--attach", "silent"), 125, 'nothing was run in session "silent"'),
    ):
        refused = bai(*words)
        assert refused.exit_code == code, str(refused)
        assert message in refused.err, str(refused)
    assert bai("logs", "silent").checked().out == ""
