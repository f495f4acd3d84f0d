"""Clusters on two machines: what is done on their nodes, and what is not done again.

What stands for Ray is a program called `raylet`: how Ray itself fares is in `test_living_cluster`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from outrig_ray.clusters.steps import first_line

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugins.ray.conftest import Clusters

RAYLET = """\
head_start_ray_commands:
  - ray stop
  - cp /bin/sleep ~/raylet; echo $RAY_HEAD_IP >> ~/starts; (~/raylet 3600 >/dev/null 2>&1 &)
worker_start_ray_commands:
  - ray stop
  - cp /bin/sleep ~/raylet; echo $RAY_HEAD_IP >> ~/starts; (~/raylet 3600 >/dev/null 2>&1 &)
"""
SETUP = "setup_commands: [echo first >> ~/log, echo second >> ~/log]\n"


def starts(pair: Clusters, *, only: int | None = None) -> list[int]:
    """Return how often Ray was started on each machine, or on the first `only`."""
    return [
        int(one.run("cat ~/starts 2>/dev/null | wc -l", as_user=True))
        for one in pair.network.machines[:only]
    ]


def logs(pair: Clusters) -> list[str]:
    """Return what set-up commands noted on each machine."""
    return [one.run("cat ~/log | xargs", as_user=True).strip() for one in pair.network.machines]


def raylets(pair: Clusters) -> list[int]:
    """Return how many programs called raylet each machine has."""
    return [int(one.run("pgrep -xc raylet || true", as_user=True)) for one in pair.network.machines]


def up_until(pair: Clusters, file: Path, started: list[int]) -> None:
    """Bring a cluster up until Ray was started so often: its end is noticed within a second."""
    deadline = time.monotonic() + 60
    while starts(pair) != started:
        assert time.monotonic() < deadline, starts(pair)
        pair("up", str(file)).checked()


def test_a_cluster_comes_up_does_nothing_twice_and_goes_down(pair: Clusters) -> None:
    file = pair.write("demo", RAYLET + SETUP)
    first = pair("up", str(file)).checked()
    assert first.out == "cluster demo: head 10.77.0.1\n"
    assert "[worker 10.77.0.2] setup 2/2: echo second >> ~/log" in first.err
    assert (starts(pair), raylets(pair)) == ([1, 1], [1, 1])
    assert "[head 10.77.0.1] | " not in first.err
    again = pair("up", str(file)).checked()
    assert "demo: nothing has changed" in again.err
    assert (starts(pair), logs(pair)) == ([1, 1], ["first second"] * 2)
    assert pair("get-head-ip", str(file)).out == "10.77.0.1\n"
    assert pair("get-worker-ips", "demo").out == "10.77.0.2\n"
    (row,) = pair("list", "--output", "json").records()
    assert (row["name"], row["state"], row["nodes"], row["ray"]) == ("demo", "RUNNING", 2, 2)
    file.unlink()
    assert "demo is TERMINATED" in pair("down", "demo").checked().err
    assert raylets(pair) == [0, 0]
    assert pair("list", "--output", "json").records() == []


def test_only_what_has_changed_is_done_again(pair: Clusters) -> None:
    (pair.directory / "code").mkdir()
    (pair.directory / "code/a.txt").write_text("1")
    mounts = 'file_mounts: {"~/code": code, "~/one.txt": code/a.txt}\n'
    pair("up", str(pair.write("demo", RAYLET + SETUP + mounts))).checked()
    head, worker = pair.network.machines
    assert head.run("cat ~/code/a.txt ~/one.txt", as_user=True) == "11"
    last = SETUP.replace("echo second", "echo third")
    changed = pair("up", str(pair.write("demo", RAYLET + last + mounts))).checked()
    assert "setup 1/2" not in changed.err
    assert (logs(pair), starts(pair)) == (["first second third"] * 2, [2, 2])
    (pair.directory / "code/a.txt").write_text("2")
    file = pair.write("demo", RAYLET + last + mounts)
    pair("up", str(file)).checked()
    assert worker.run("cat ~/code/a.txt ~/one.txt", as_user=True) == "22"
    assert logs(pair) == ["first second third first third"] * 2, "code may be what is set up"
    assert starts(pair) == [2, 2], "Ray goes on: only the content of mounts is another"


def test_ray_is_started_anew_when_asked_and_left_alone_when_asked(pair: Clusters) -> None:
    file = pair.write("demo", RAYLET + SETUP)
    pair("up", str(file)).checked()
    pair("up", str(file), "--restart-only").checked()
    assert (starts(pair), logs(pair), raylets(pair)) == ([2, 2], ["first second"] * 2, [1, 1])
    other = pair.write("demo", RAYLET.replace("3600", "3601") + SETUP)
    pair("up", str(other), "--no-restart").checked()
    assert starts(pair) == [2, 2]
    pair("up", str(other)).checked()
    assert starts(pair) == [3, 3]
    both = pair("up", str(file), "--restart-only", "--no-restart")
    assert (both.exit_code, "exclude each other" in both.err) == (2, True)


def test_ray_that_has_ended_is_started_again(pair: Clusters) -> None:
    file = pair.write("demo", RAYLET)
    pair("up", str(file)).checked()
    pair.network.machines[1].run("pkill raylet", as_user=True)
    up_until(pair, file, [1, 2])
    assert raylets(pair) == [1, 1]
    pair.network.machines[0].run("pkill raylet", as_user=True)
    up_until(pair, file, [2, 3])
    assert raylets(pair) == [1, 1], "workers join the new head"


def test_stop_ends_this_clusters_processes_only(pair: Clusters) -> None:
    file = pair.write("demo", RAYLET)
    other = pair.write("other", RAYLET)
    pair("up", str(file)).checked()
    pair("up", str(other)).checked()
    assert raylets(pair) == [2, 2]
    done = pair("stop", "demo").checked()
    assert done.err.splitlines() == ["10.77.0.2: Ray has ended", "10.77.0.1: Ray has ended"]
    assert raylets(pair) == [1, 1]
    assert "Ray is not running" in pair("stop", "demo", "--force").checked().err
    several = pair("status")
    assert several.exit_code == 125
    assert "there are several clusters: other, demo" in several.err
    assert pair("up", str(file)).checked().out
    assert raylets(pair) == [2, 2]


def test_a_command_on_the_head_has_its_login_shell_and_its_exit_code(pair: Clusters) -> None:
    setup = "setup_commands: ['echo export COLOUR=blue >> ~/.bashrc']\n"
    pair("up", str(pair.write("demo", RAYLET + setup))).checked()
    done = pair("exec", "demo", "echo $COLOUR $PWD; echo oops >&2; exit 7")
    assert (done.exit_code, done.out, done.err) == (7, "blue /home/ann\n", "oops\n")
    assert pair("exec", "demo", "kill -9 $BASHPID").exit_code == 137
    missing = pair("exec", "nowhere", "true")
    assert (missing.exit_code, missing.err.splitlines()[0]) == (
        125,
        'outrig: error: cluster "nowhere" is not running',
    )


@pytest.mark.parametrize(
    ("text", "short"),
    [("ls", "ls"), ("  a b\n c", "a b …"), ("x" * 80, "x" * 69 + "…")],
)
def test_titles_are_one_short_line(text: str, short: str) -> None:
    assert first_line(text) == short
