"""A session on Compute Engine, from start to stop: through real sshd, and nothing is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plugins.living_cloud import DEMO

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from tests.plugins.gcp.conftest import LivingGce

pytestmark = pytest.mark.timeout(300)  # machines boot, on computers that may be slow


def test_a_command_runs_on_an_instance_and_nothing_is_left(
    gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    directory = project(DEMO)
    done = run("session", "start", "train", "--provider", "gcp")
    assert (done.exit_code, done.out[:10]) == (3, "on outrig-"), done.err
    assert (directory / "out/result").read_text() == "42\n"
    assert len(gce.left()) == 5  # an instance, its disk, three firewall rules
    stopped = run("session", "stop")
    assert stopped.exit_code == 0, stopped.err
    assert gce.left() == []
