"""What goes wrong while clusters come up, on two machines where `raylet` stands for Ray."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.plugins.ray.test_cluster_steps import RAYLET, logs, raylets, starts

if TYPE_CHECKING:
    from outrig.testing.command_line import Running
    from tests.plugins.ray.conftest import Clusters

LIMIT_S = 60
ON_SECOND = "[ $(hostname) = first ] || "


def names(pair: Clusters) -> list[object]:
    """Return the clusters there are."""
    return [one["name"] for one in pair("list", "--output", "json").records()]


def start_up(pair: Clusters, file: str, line: str, *more: str) -> Running:
    """Start bringing a cluster up, and return when it says that line."""
    running = pair.command_line.start("ray", "up", file, *more, env=pair.variables)
    all_said = [running.read_error_line()]
    while line not in all_said[-1]:
        assert all_said[-1], f"it ended without: {line}\n{''.join(all_said)}{running.wait()}"
        all_said.append(running.read_error_line())
    return running


def nothing_runs(pair: Clusters, word: str) -> None:
    """Wait until no machine runs anything with that word."""
    deadline = time.monotonic() + LIMIT_S
    while any(word in line for one in pair.network.machines for line in one.processes()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_worker_that_fails_is_shown_and_only_it_is_repeated(pair: Clusters) -> None:
    bad = f"setup_commands: [echo first >> ~/log, '{ON_SECOND}{{ echo no disk; ls /gone; }}']\n"
    done = pair("up", str(pair.write("demo", RAYLET + bad)))
    assert done.exit_code == 7, str(done)
    assert "10.77.0.2: setup 2/2: [ $(hostname) = first ] || { echo no disk" in done.err
    assert "  no disk\n" in done.err
    assert "/gone" in done.err.split("  no disk\n")[1]
    assert "1 of 1 workers failed" in done.err
    assert (names(pair), starts(pair)) == (["demo"], [1, 0])
    assert pair("exec", "demo", "echo fine").out == "fine\n"
    good = bad.replace("ls /gone", "true")
    mended = pair("up", str(pair.write("demo", RAYLET + good)), "-v").checked()
    assert "[worker 10.77.0.2] | no disk\n" in mended.err, "with -v commands are heard"
    assert (logs(pair), starts(pair)[1]) == (["first", "first"], 1)


def test_a_new_cluster_whose_head_fails_is_released(pair: Clusters) -> None:
    bad = "head_setup_commands: ['echo what is wrong; exit 9']\n"
    done = pair("up", str(pair.write("demo", RAYLET + bad)))
    assert (done.exit_code, names(pair)) == (7, [])
    lines = done.err.splitlines()
    assert lines[-1].startswith("outrig: error: 10.77.0.1: setup 1/1: echo what is wrong; exit 9")
    assert lines[-1].endswith("failed (exit code 9)")
    assert "  what is wrong" in lines
    assert "releasing what was made for demo" in lines
    assert raylets(pair) == [0, 0]


def test_a_cluster_that_is_there_outlives_a_head_that_fails(pair: Clusters) -> None:
    pair("up", str(pair.write("demo", RAYLET))).checked()
    bad = pair.write("demo", RAYLET + "head_setup_commands: [exit 9]\n")
    done = pair("up", str(bad))
    assert (done.exit_code, names(pair)) == (7, ["demo"])
    assert "outrig run logs" in done.err
    assert raylets(pair) == [1, 1]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("setup_commands: [sleep 1000]\n" + RAYLET, "[head 10.77.0.1] setup 1/1"),
        ("initialization_commands: [sleep 1000]\n" + RAYLET, "[head 10.77.0.1] initialization"),
        ("head_start_ray_commands: [sleep 1000]\n", "[head 10.77.0.1] start: sleep"),
        (RAYLET.replace("ray stop", "sleep 1000"), "[head 10.77.0.1] start: sleep"),
    ],
    ids=["set-up", "initialization", "start", "first of several"],
)
def test_ctrl_c_releases_a_new_cluster(pair: Clusters, text: str, line: str) -> None:
    running = start_up(pair, str(pair.write("demo", text)), line)
    running.send(signal.SIGINT)
    done = running.wait()
    assert (done.exit_code, names(pair)) == (130, []), str(done)
    assert "releasing what was made for demo" in done.err
    nothing_runs(pair, "sleep 1000")
    nothing_runs(pair, "raylet 3600")


def test_ctrl_c_leaves_a_cluster_that_was_there(pair: Clusters) -> None:
    pair("up", str(pair.write("demo", RAYLET))).checked()
    slow = str(pair.write("demo", RAYLET + "setup_commands: [sleep 1000]\n"))
    running = start_up(pair, slow, "[head 10.77.0.1] setup 1/1")
    running.send(signal.SIGINT)
    assert running.wait().exit_code == 130
    nothing_runs(pair, "sleep 1000")
    assert (names(pair), raylets(pair)) == (["demo"], [1, 1])


def test_set_up_goes_on_alone_after_a_kill_and_the_next_one_takes_over(pair: Clusters) -> None:
    text = "setup_commands: [echo first >> ~/log, SECOND]\n" + RAYLET
    slow = str(pair.write("demo", text.replace("SECOND", "sleep 1000")))
    running = start_up(pair, slow, "[worker 10.77.0.2] setup 2/2")
    running.send(signal.SIGKILL)
    running.wait()
    assert names(pair) == ["demo"]
    quick = text.replace("SECOND", "echo second >> ~/log")
    pair("up", str(pair.write("demo", quick))).checked()
    nothing_runs(pair, "sleep 1000")
    assert (logs(pair), raylets(pair)) == (["first second"] * 2, [1, 1])


def test_two_at_once_do_everything_once(pair: Clusters) -> None:
    text = "setup_commands: [echo first >> ~/log, 'until [ -e ~/go ]; do sleep 0.1; done']\n"
    file = str(pair.write("demo", text + RAYLET))
    first = start_up(pair, file, "[head 10.77.0.1] setup 2/2")
    second = start_up(pair, file, "waiting for another process that uses demo")
    for one in pair.network.machines:
        one.run("touch ~/go", as_user=True)
    assert (first.wait().exit_code, second.wait().exit_code) == (0, 0)
    assert (logs(pair), starts(pair), raylets(pair)) == (["first"] * 2, [1, 1], [1, 1])


def test_a_host_without_python_and_one_that_refuses_are_said_at_once(pair: Clusters) -> None:
    file = str(pair.write("demo", RAYLET))
    pair.variables["OUTRIG_SSH_PYTHON"] = "python9"
    without = pair("up", file)
    assert (without.exit_code, "python9" in without.err) == (7, True), str(without)
    del pair.variables["OUTRIG_SSH_PYTHON"]
    pair.variables["OUTRIG_SSH_USER"] = "nobody"
    config = pair.network.config
    text = config.read_text()
    config.write_text(text.replace(" User ann\n", ""))
    try:
        refused = pair("up", file)
    finally:
        config.write_text(text)
    assert refused.exit_code == 5, str(refused)
    assert names(pair) == []


def test_a_worker_that_lost_power_is_said_and_the_head_goes_on(own_pair: Clusters) -> None:
    file = str(own_pair.write("demo", RAYLET))
    own_pair("up", file).checked()
    own_pair.network.machines[1].crash()
    own_pair.variables["OUTRIG_SSH_CONNECT_S"] = "5"
    done = own_pair("up", file)
    assert (done.exit_code, "10.77.0.2" in done.err) == (7, True), str(done)
    assert "1 of 1 workers failed" in done.err
    assert own_pair("exec", "demo", "echo fine").out == "fine\n"
    assert starts(own_pair, only=1) == [1]


def test_a_cluster_gets_more_workers_and_keeps_the_others(pair: Clusters) -> None:
    pair("up", str(pair.write("demo", RAYLET, hosts=1))).checked()
    grown = pair("up", str(pair.write("demo", RAYLET))).checked()
    assert "[worker 10.77.0.2] start: cp" in grown.err
    assert "[head 10.77.0.1]" not in grown.err, "its Ray goes on"
    assert pair("get-worker-ips", "demo").out == "10.77.0.2\n"
    fewer = pair("up", str(pair.write("demo", RAYLET, hosts=1)))
    assert (fewer.exit_code, "has 2 nodes, its file asks for 1" in fewer.err) == (2, True)
    path = pair.write("demo", RAYLET)
    path.write_text(path.read_text().replace("[10.77.0.2]", "[10.77.0.2, 10.77.0.99]"))
    pair.variables["OUTRIG_SSH_CONNECT_S"] = "5"
    failed = pair("up", str(path))
    assert (failed.exit_code, "10.77.0.99" in failed.err) == (7, True), str(failed)
    assert "nothing has changed" in pair("up", str(pair.write("demo", RAYLET))).checked().err


def test_a_name_that_is_taken_by_a_cluster_on_other_hosts(pair: Clusters) -> None:
    pair("up", str(pair.write("demo", RAYLET, hosts=1))).checked()
    path = pair.write("demo", RAYLET, hosts=1)
    path.write_text(path.read_text().replace("10.77.0.1", "10.77.0.2"))
    both = str(path)
    done = pair("up", both)
    assert (done.exit_code, 'cluster "demo" is there already' in done.err) == (2, True)
    pair("up", both, "-n", "other").checked()
    assert names(pair) == ["other", "demo"]
    wrong = pair("up", both, "-n", "../up")
    assert (wrong.exit_code, "cluster name" in wrong.err) == (2, True)


def test_mounts_that_are_not_there_and_places_that_cannot_be_written(pair: Clusters) -> None:
    missing = pair("up", str(pair.write("demo", RAYLET + "file_mounts: {~/a: gone}\n")))
    assert (missing.exit_code, "there is no file and no directory" in missing.err) == (4, True)
    (pair.directory / "here").write_text("x")
    refused = pair("up", str(pair.write("demo", RAYLET + "file_mounts: {/etc/x/y: here}\n")))
    assert refused.exit_code == 7
    assert "10.77.0.1: copy /etc/x/y failed (exit code 1)" in refused.err
    assert "Permission denied" in refused.err
    assert names(pair) == []
