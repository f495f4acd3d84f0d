"""The lines of Backend.AI's guides of 20.09 and 24.09, as they are printed there, in a shell.

They go through the launcher that `outrig shim install backend.ai` writes. Those that open ports are
with the tests of services.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.result import Result
    from tests.plugins.backendai.conftest import Bai

    Shell = Callable[[str], Result]

TEMPLATE = """---
api_version: v1
kind: taskTemplate
metadata:
  name: template1234
  tag: example-tag
spec:
  kernel:
    environ:
      MYCONFIG: XXX
    image: python:3.6-ubuntu18.04
  resources:
    cpu: '1'
    mem: 256m
  mounts:
    hostpath-test: /home/work/hostDesktop
    test-vfolder:
  sessionType: interactive
"""


@pytest.fixture
def shell(bai: Bai, run: CommandLine, tmp_path: Path) -> Shell:
    """Run a script in which `backend.ai` is the launcher; the first line that fails ends it."""
    launchers = tmp_path / "launchers"
    run("shim", "install", "backend.ai", "--dir", str(launchers)).checked()
    home = tmp_path / "home of user"
    (home / ".ssh").mkdir(parents=True)
    path = f"{launchers}{os.pathsep}{os.environ['PATH']}"

    def call(script: str) -> Result:
        env = {"PATH": path, "HOME": str(home)}
        return run.program("bash", "-ec", script, env=env, timeout_s=100)

    return call


def test_listing_sessions(shell: Shell) -> None:
    lines = (
        "backend.ai ps",
        "backend.ai admin session list",
        "backend.ai admin sessions",
        "backend.ai admin session list --format id,status,occupying_slots",
        "backend.ai admin session --format id,status,cpu_using",
    )
    done = shell("\n".join(["backend.ai start -t mysession python", *lines])).checked()
    ready, *told = done.out.splitlines()
    ident = ready.split()[2]
    assert ready == f"Session ID {ident} is created and ready."
    assert told[0].startswith("This session provides the following app services: ")
    tables = [told[1 + 3 * number : 4 + 3 * number] for number in range(len(lines))]
    assert tables[0] == tables[1] == tables[2]
    assert tables[0][2].startswith("mysession ")
    assert [part.strip() for part in tables[3][0].split("  ") if part] == [
        "Session ID",
        "Status",
        "Occupying Slots",
    ]
    assert tables[3][2].split()[:2] == tables[4][2].split()[:2] == [ident, "RUNNING"]


def test_running_simple_sessions(shell: Shell, run: CommandLine) -> None:
    (run.directory / "myscript.py").write_text("import sys; print(sys.argv[1:])\n")
    script = """
backend.ai run --rm -c 'print("hello world")' python:3.6-ubuntu18.04
backend.ai run --rm --exec 'python myscript.py arg1 arg2' \\
           python:3.6-ubuntu18.04 ./myscript.py
backend.ai ps
"""
    assert shell(script).checked().out.splitlines() == [
        "hello world",
        "['arg1', 'arg2']",
        "There are no matching sessions.",
    ]


def test_terminating_or_cancelling_sessions(shell: Shell) -> None:
    script = """
first=$(backend.ai start -t first python | awk '/^Session ID/ {print $3}')
second=$(backend.ai start -t second --type batch -c true --starts-at 1h --enqueue-only python |
    awk '{print $3}')
backend.ai rm $first $second
backend.ai events $first | awk '{print $1}' | tail -n 1
backend.ai ps
backend.ai ps --dead --name-only | sort
"""
    done = shell(script).checked()
    last, *listed = done.out.splitlines()
    assert "session_terminated" in last
    assert listed == ["There are no matching sessions.", "first", "second"]


def test_running_concurrent_experiment_sessions(shell: Shell) -> None:
    script = """
backend.ai run -c 'import os; print("Hello world, {}".format(os.environ["CASENO"]))' \\
    -r cpu=1 -r mem=256m \\
    -e 'CASENO=$X' \\
    --env-range=X=case:1,2,3,4 \\
    lablup/python:3.6-ubuntu18.04
"""
    out = shell(script).checked().out
    for number in range(1, 5):
        assert f"Hello world, {number}" in out


def test_creating_and_starting_session_templates(shell: Shell, run: CommandLine) -> None:
    (run.directory / "session-template.yaml").write_text(TEMPLATE)
    script = """
backend.ai vfolder create hostpath-test
backend.ai vfolder create test-vfolder
backend.ai sesstpl create < session-template.yaml
backend.ai sesstpl create -f session-template.yaml
id=$(backend.ai --output json sesstpl list | python3 -c '
import json, sys
print(next(value for key, value in json.load(sys.stdin)["items"][0].items() if "id" in key))')
backend.ai start-template $id
backend.ai sesstpl update $id < session-template.yaml
backend.ai sesstpl list
backend.ai sesstpl get $id
backend.ai --yes sesstpl delete $id
backend.ai ps -f tag,image,occupying_slots --plain
"""
    done = shell(script).checked()
    assert done.out.count("template1234") >= 2
    assert "MYCONFIG" in done.out
    assert done.out.splitlines()[-1].split("  ")[0] == "example-tag"
    assert "cpu:1, mem:256.0M" in done.out.splitlines()[-1]


def test_ones_own_ssh_key_in_all_sessions(shell: Shell) -> None:
    script = """
ssh-keygen -t rsa -b 2048 -f id_container -N '' > key.txt
cat id_container.pub > authorized_keys
backend.ai vfolder create .ssh
backend.ai vfolder upload .ssh authorized_keys
backend.ai run --rm -c 'print(open("/home/work/.ssh/authorized_keys").read().split()[0])' python
"""
    assert shell(script).checked().out.splitlines()[-1] == "ssh-rsa"


def test_a_name_of_a_command_that_is_not_ours_goes_on(shell: Shell) -> None:
    done = shell("backend.ai nosuch")
    assert done.exit_code == 2
    assert "backend.ai: unknown command 'nosuch'" in done.err
    assert "Usage: backend.ai COMMAND" in shell("backend.ai --help").checked().out
