"""A sweep over several hosts: each has its turn, and outputs come back from all of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from tests.plugins.ssh.conftest import Lab


def test_cases_go_to_the_hosts_in_turn(lab: Lab, run: CommandLine, project: ProjectMaker) -> None:
    command = {
        "name": "train",
        "command": "echo {{n}} $OUTRIG_NODE_RANK | tee result; exit $(({{n}} / 3))",
        "params": [{"name": "n", "type": "int"}],
    }
    files = {"name": "hosts", "output_files": ["result"], "commands": [command]}
    directory = project({"outrig.yaml": files})
    words = ("session", "start", "train", "--provider", "ssh", "--hosts", "alpha,beta")
    done = run(*words, "--n", "range:4", "--max-parallel", "3")
    assert done.exit_code == 1, done.err
    lines = [f"[{n} n={n}] {n} {n % 2}" for n in range(4)]
    assert sorted(done.out.splitlines()) == lines
    for n in range(4):
        assert (directory / f"outputs/train-1/{n}/result").read_text() == f"{n} {n % 2}\n"
    cases = json.loads(run("sweep", "show", "--output", "json").out)
    assert [case["exit_code"] for case in cases] == [0, 0, 0, 1]
    assert run("session", "stop").exit_code == 0
