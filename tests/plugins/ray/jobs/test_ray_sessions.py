"""Sessions on a running Ray, from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.api import Outrig
from outrig_ray.jobs.address import Address
from outrig_ray.jobs.client import Jobs

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from tests.plugins.ray.jobs.conftest import Head

pytestmark = pytest.mark.timeout(300)
PROJECT = {
    "name": "demo",
    "compute": {"provider": "ray", "resources": {"cpu": 0.2}},
    "commands": [
        {
            "name": "train",
            "command": 'cat data; echo "{{lr}}" > result.txt; '
            'echo \'{"name": "loss", "value": {{lr}}}\' > "$OUTRIG_METRICS"; exit {{code}}',
            "params": [
                {"name": "lr", "choices": ["1", "2"], "default": "1"},
                {"name": "code", "default": "0"},
            ],
        }
    ],
    "output_files": ["result.txt"],
}


def test_runs_and_sweeps_of_a_project_are_jobs(
    run: CommandLine, project: ProjectMaker, head: Head
) -> None:
    root = project({"outrig.yaml": PROJECT, "data": "data\n"})
    words = ("train", "--lr", "2", "--code", "3", "--name", "s")
    done = run("session", "start", *words, "--address", head.url, timeout_s=240)
    assert (done.exit_code, done.out) == (3, "data\n"), str(done)
    assert (root / "result.txt").read_text() == "2\n"
    assert "1 node from provider ray" in done.err
    (root / "data").write_text("changed\n")
    sweep = ("train", "--lr", "case:1,2", "--address", head.url)
    swept = run("session", "start", *sweep, "--name", "s", timeout_s=240)
    assert swept.exit_code == 0, str(swept)
    assert sorted(swept.lines) == ["[0 lr=1] changed", "[1 lr=2] changed"]
    results = run("sweep", "results", "--output", "json").records()
    assert [(one["state"], one["loss"]) for one in results] == [("SUCCEEDED", 1), ("SUCCEEDED", 2)]
    assert (root / "outputs" / "train-1" / "1" / "result.txt").read_text() == "2\n"
    with Outrig() as outrig:
        (session,) = outrig.sessions()
    assert (head.logs / "outrig" / session.id / "work").is_dir()
    run("session", "stop", "s", timeout_s=240).checked()
    jobs = Jobs(Address(url=head.url)).jobs()
    assert [one for one in jobs if session.id in one.metadata.values()] == []
    assert not (head.logs / "outrig" / session.id).exists()


def test_a_cluster_that_is_not_there_is_said(run: CommandLine, project: ProjectMaker) -> None:
    project({"outrig.yaml": PROJECT})
    words = ("--address", "http://127.0.0.1:1", "--ray-patience-s", "0")
    done = run("session", "start", *words)
    assert done.exit_code == 125
    assert "no Ray dashboard answers at http://127.0.0.1:1" in done.err
    assert run("session", "list", "--output", "json").records() == []
