"""A session on a machine over SSH, from start to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from outrig.testing.machines import Machine

FILES: dict[str, str | bytes | Mapping[str, object]] = {
    "outrig.yaml": {
        "name": "demo",
        "output_files": ["out/"],
        "commands": [{"name": "train", "command": "sh train.sh"}],
    },
    "train.sh": "echo on $(hostname); mkdir -p out; echo 42 > out/result; echo warn >&2; exit 3\n",
}


def test_a_command_runs_on_a_host_and_its_outputs_come_back(
    host: Machine, run: CommandLine, project: ProjectMaker
) -> None:
    directory = project(FILES)
    done = run("session", "start", "train", "--provider", "ssh", "--hosts", host.name)
    assert (done.exit_code, done.out) == (3, f"on {host.name}\n" if host.isolated else done.out)
    assert "warn" in done.err
    assert (directory / "out/result").read_text() == "42\n"
    assert run("session", "stop").exit_code == 0
    left = host.run("find . -path '*/node-1/*' -mindepth 6 ! -path '*/program/*'; pwd")
    assert "demo" not in left
