"""`bai start` makes a session on this computer, `bai rm` ends it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from outrig_backendai.compute.record import SessionStatus

if TYPE_CHECKING:
    from outrig_backendai.compute.sessions import Compute
    from tests.plugins.backendai.conftest import Bai


def test_a_session_is_started_found_by_name_and_ended(bai: Bai, compute: Compute) -> None:
    started = bai("start", "-t", "mysession", "python").checked()
    assert re.match(r"Session ID [0-9a-f-]{36} is created and ready.\n", started.out)
    assert "provides the following app services: " in started.out
    session = compute.find("myses")
    assert session.status is SessionStatus.RUNNING
    assert compute.outrig_session(session).name.startswith("mysession-main1-")

    again = bai("start", "-t", "mysession", "python").checked()
    assert f"Session ID {session.id} is already running and ready." in again.out
    assert session.id in bai("start", "-t", "mysession", "--no-reuse", "python").err

    ended = bai("rm", "mysession").checked()
    assert ended.err == "Done.\n"
    assert compute.directory.sessions.now(session).status is SessionStatus.TERMINATED
    assert bai("rm", "mysession").exit_code == 4


def test_what_begins_alike_is_not_taken_for_what_is_over(bai: Bai, compute: Compute) -> None:
    for name in ("train", "train2"):
        bai("start", "-t", name, "python").checked()
    both = bai("rm", "trai")
    assert both.exit_code == 4
    assert "train2, RUNNING" in both.err
    bai("rm", "train").checked()
    assert 'session "train" is TERMINATED' in bai("rm", "train").err
    assert compute.find("train2").status is SessionStatus.RUNNING


def test_what_can_never_run_is_refused_with_the_reason(bai: Bai) -> None:
    for words, code, reason in (
        (("-r", "cpu=5000"), 6, "no agent has 5000 cores"),
        (("-r", "mem=900t"), 6, "no agent has"),
        (("-r", "cuda.shares=99"), 6, "no agent has 99 GPUs"),
        (("-r", "tpu=1"), 2, "Unknown requested resource slot: tpu"),
        (("-r", "cpu"), 2, "is not KEY=VALUE"),
        (("-t", "x"), 2, "4 to 64 letters"),
        (("--type", "batch"), 2, "needs a command"),
        (("--preopen", "2200"), 2, "port 2200 cannot be opened ahead"),
        (("--scaling-group", "moon"), 4, 'no scaling group "moon" (there are: default)'),
        (("-d", "moon"), 4, 'no domain "moon"'),
        (("-g", "moon"), 4, 'no group "moon" in domain default'),
        (("-o", "AKIAOTHER"), 4, "no keypair AKIAOTHER"),
        (("-t", "n\u00e4me"), 2, "4 to 64 letters"),
        (("-e", "A=\udcff"), 2, "bytes that are not UTF-8"),
        (("--cluster-size", "0"), 2, "--cluster-size 0 is less than 1"),
        (("--depends", "nobody"), 4, 'no session "nobody"'),
        (("--starts-at", "5x", "--type", "batch", "-c", "true"), 2, "neither a time nor a span"),
        (("--callback-url", "ftp://example.com"), 2, "no address of http"),
        (("--bootstrap-script", "nowhere.sh"), 3, "No such file or directory"),
        (("--resource-opts", "shmem=2g"), 2, "shmem must be less than mem"),
    ):
        refused = bai("start", *words, "python")
        assert refused.exit_code == code, str(refused)
        assert reason in refused.err
        assert refused.out == ""


def test_folders_of_the_environment_are_mounted_too(bai: Bai) -> None:
    variables = {"BACKEND_VFOLDER_MOUNTS": "nowhere"}
    refused = bai.run("bai", "start", "python", env=variables)
    assert refused.exit_code == 4
    assert "nowhere" in refused.err
