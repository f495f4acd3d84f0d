"""Daft's commands on two machines where `raylet` stands for Ray."""

from __future__ import annotations

import signal
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig.testing.machines import Machine
    from tests.plugins.daft.conftest import Daft

LIMIT_S = 120
RUNNING = """\
Running:
  - demo, head, 10.77.0.1, 10.77.0.1
  - demo, worker, 10.77.0.2, 10.77.0.2
"""


def until(done: Callable[[], bool]) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + LIMIT_S
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def starts(machine: Machine) -> list[str]:
    """Return with which words Ray was started on a machine."""
    text = machine.run("cat ~/starts 2>/dev/null || true", as_user=True)
    return text.splitlines()


def test_up_does_not_wait_for_workers(pair: Daft) -> None:
    head, worker = pair.network.machines
    worker.run("touch ~/gate", as_user=True)
    pair.write("demo")
    up = pair("daft up").checked()
    assert up.out == "Head node IP: 10.77.0.1\n"
    assert up.err.endswith(
        "  workers go on by themselves: outrig daft list\nSuccessfully spun the cluster up.\n"
    )
    assert (len(starts(head)), starts(worker)) == (1, [])
    assert pair("daft list").checked().out == RUNNING
    worker.run("rm ~/gate", as_user=True)
    until(lambda: starts(worker) == ["start --address=10.77.0.1:6379"])
    until(lambda: "nothing has changed" in pair("daft up --wait").checked().err)
    assert (len(starts(head)), len(starts(worker))) == (1, 1)


def test_a_worker_that_fails_after_that_is_listed(pair: Daft) -> None:
    worker = pair.network.machines[1]
    worker.run("touch ~/gate ~/broken", as_user=True)
    pair.write("demo")
    pair("daft up").checked()
    worker.run("rm ~/gate", as_user=True)
    until(lambda: "set-up failed; see outrig run logs" in pair("daft list").checked().out)
    (row,) = [one for one in pair("daft list --output json").records() if one["trouble"]]
    run = str(row["trouble"]).split()[-1]
    assert "no such package" in pair.command_line("run", "logs", run, env=pair.variables).out
    waited = pair("daft up --wait")
    assert (waited.exit_code, "1 of 1 workers failed" in waited.err) == (7, True)
    worker.run("rm ~/broken", as_user=True)
    pair("daft up --wait").checked()
    assert pair("daft list").checked().out == RUNNING


def test_a_head_that_fails_leaves_nothing(pair: Daft) -> None:
    pair.network.machines[0].run("touch ~/broken", as_user=True)
    pair.write("demo")
    failed = pair("daft up")
    assert (failed.exit_code, "no such package" in failed.err) == (7, True)
    assert pair("daft list --running").checked().out == ""


def test_a_cluster_goes_down_by_its_name_and_comes_back_after_a_stop(pair: Daft) -> None:
    file = pair.write("demo", file="my-custom-config.toml")
    pair("daft up -c my-custom-config.toml --wait").checked()
    pair("daft stop -c my-custom-config.toml").checked()
    stopped = pair("daft list").checked().out
    assert stopped == ("Stopped:\n  - demo, head, 10.77.0.1\n  - demo, worker, 10.77.0.2\n")
    pair("daft provisioned up my-custom-config.toml --wait").checked()
    assert pair("daft provisioned list 'de.o' --running").checked().out == RUNNING
    file.unlink()
    down = pair("daft down demo").checked()
    assert down.err.endswith("demo is TERMINATED\nSuccessfully spun the cluster down.\n")
    listed = pair("daft list").checked().out
    assert listed == ("Terminated:\n  - demo, head, 10.77.0.1\n  - demo, worker, 10.77.0.2\n")
    again = pair("daft down demo")
    assert (again.exit_code, again.err.splitlines()[0]) == (
        4,
        'outrig: error: cluster "demo" is not running',
    )


def test_the_dashboard_opens_in_the_browser(pair: Daft) -> None:
    pair.write("demo", hosts=1)
    pair("daft up").checked()
    serve = "cd /tmp && echo hello > page && exec python3 -m http.server 8265"
    words = ["ray", "exec", "demo", f"({serve}) >/dev/null 2>&1 & sleep 0; wait", "--tmux"]
    pair.command_line(*words, env=pair.variables).checked()
    opened = pair.directory / "opened"
    browser = pair.directory / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    running = pair.command_line.start(
        "daft", "dashboard", "--port", "0", env={**pair.variables, "BROWSER": str(browser)}
    )
    address = running.read_line().strip()
    assert address.startswith("http://localhost:")

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"{address}/page", timeout=30) as answer:
                return bool(answer.read() == b"hello\n")
        except OSError:
            return False

    until(answers)
    until(lambda: opened.exists() and opened.read_text() == f"{address}\n")
    running.send(signal.SIGINT)
    assert running.wait().exit_code == 0
    connected = pair.command_line.start(
        *("daft", "connect", "--port", "0", "--client-port", "0", "--no-dashboard"),
        env=pair.variables,
    )
    assert connected.read_line().startswith("http://localhost:")
    assert connected.read_line().startswith("ray://localhost:")
    connected.send(signal.SIGINT)
    assert connected.wait().exit_code == 0


def test_a_shell_on_the_head_has_its_exit_code(pair: Daft) -> None:
    pair.write("demo", hosts=1)
    pair("daft up").checked()
    done = pair.command_line(
        "daft", "ssh", input="hostname; command -v ray; exit 4\n", env=pair.variables
    )
    assert (done.exit_code, "first" in done.out) == (4, True), str(done)
    assert "/home/ann/.venv/bin/ray" in done.out


def test_what_is_asked_of_a_cluster_that_is_not_there(pair: Daft) -> None:
    pair.write("demo")
    for line, code in (
        ("daft down", 4),
        ("daft dashboard", 4),
        ("daft submit -w . ls", 125),
        ("daft job status", 4),
        ("daft job logs x", 125),
        ("daft sql 'SELECT 1'", 125),
    ):
        done = pair(line)
        said = 'outrig: error: cluster "demo" is not running\noutrig: hint: see: outrig daft up\n'
        assert (done.exit_code, done.err) == (code, said), line
    assert pair("daft up -i nope.pem").exit_code == 4
    unknown = pair("daft job submit none")
    assert (unknown.exit_code, 'there is no job "none" in .daft.toml' in unknown.err) == (125, True)
    missing = pair("daft submit -c none.toml -w .")
    assert (missing.exit_code, "there is no file none.toml" in missing.err) == (125, True)


@pytest.mark.parametrize("name", ["none", "two"])
def test_a_command_has_to_be_told(pair: Daft, name: str) -> None:
    jobs = "".join(f'[[job]]\nname = "j{one}"\ncommand = "ls"\n' for one in range(2))
    pair.write("demo", jobs if name == "two" else "")
    done = pair("daft submit -w .")
    said = "which job? the file has j0, j1" if name == "two" else "there is no main.py in ."
    assert (done.exit_code, said in done.err) == (2, True)
    assert "there is no directory nowhere" in pair("daft submit -w nowhere").err


def test_ctrl_c_while_the_head_is_set_up_leaves_nothing(pair: Daft) -> None:
    head = pair.network.machines[0]
    head.run("touch ~/gate", as_user=True)
    pair.write("demo", "[run]\npre_setup_commands = ['touch ~/begun']\n", hosts=1)
    running = pair.command_line.start("daft", "up", env=pair.variables)
    until(lambda: "begun" in head.run("ls ~", as_user=True))
    running.send(signal.SIGINT)
    assert running.wait(LIMIT_S).exit_code == 130
    assert pair("daft list --running").checked().out == ""
    head.run("rm ~/gate", as_user=True)
    assert starts(head) == []
