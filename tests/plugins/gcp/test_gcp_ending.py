"""Machines that end by themselves, show who they are, and hear that they are taken back."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from outrig.api import Lifetime
from outrig.cloud.ending import ENDING, NOTICE, WATCHING
from outrig_gcp.body import MOST_AGE_S, scheduling
from outrig_gcp.startup import metadata

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from tests.plugins.gcp.conftest import LivingGce

pytestmark = pytest.mark.timeout(300)  # machines boot, on computers that may be slow

FILES = {"outrig.yaml": "name: demo\n"}
START = ("session", "start", "--provider", "gcp", "--zone", "us-central1-a")
END = f"python3 -IS {ENDING}"
WAIT_S = 60.0


def _becomes(gce: LivingGce, wanted: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while wanted not in gce.left():
        assert time.monotonic() < deadline, gce.left()
        time.sleep(0.05)


def _vanishes(gce: LivingGce, name: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while any(name in one for one in gce.left()):
        assert time.monotonic() < deadline, gce.left()
        time.sleep(0.05)


def _asked(gce: LivingGce) -> dict[str, Any]:
    found = [one["body"] for one in gce.log() if one["action"] == "instances.bulkInsert"]
    properties: dict[str, Any] = found[0]["instanceProperties"]
    return properties


def test_metadata_lets_in_one_key_and_shows_the_machines_own() -> None:
    found = metadata("ubuntu", "ssh-ed25519 AAAA", Lifetime(idle_s=60.0), spot=True)
    assert found["ssh-keys"] == "ubuntu:ssh-ed25519 AAAA"
    assert found["block-project-ssh-keys"] == "TRUE"
    assert found["enable-guest-attributes"] == "TRUE"
    assert found["enable-oslogin"] == "FALSE"
    script = found["startup-script"]
    assert len(script) < 256 * 1024  # what a value may be
    assert "outrig-ending.timer outrig-watching.service" in script
    assert "PRIVATE" not in script


def test_an_age_is_googles_to_keep_and_deletes() -> None:
    plain = scheduling(Lifetime(idle_s=60.0), spot=False, gpu=False)
    assert plain == {"automaticRestart": True}
    aged = scheduling(Lifetime(max_age_s=3600.0), spot=False, gpu=False)
    assert aged["maxRunDuration"] == {"seconds": "3600"}
    assert aged["instanceTerminationAction"] == "DELETE"
    assert scheduling(Lifetime(max_age_s=1.0), spot=False, gpu=False)["maxRunDuration"] == {
        "seconds": "30"
    }
    long = scheduling(Lifetime(max_age_s=1e9), spot=True, gpu=True)
    assert long["maxRunDuration"] == {"seconds": str(MOST_AGE_S)}
    assert (long["provisioningModel"], long["onHostMaintenance"]) == ("SPOT", "TERMINATE")
    spot = scheduling(Lifetime(), spot=True, gpu=False)
    assert spot["instanceTerminationAction"] == "DELETE"


def test_an_idle_machine_powers_itself_off_and_is_resumed(
    gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    assert run(*START, "--idle", "30m", "--gcp-transport", "paramiko").exit_code == 0
    name = gce.instance()
    gce.ask(f"run/{name}", END)
    assert f"{name} running" in gce.left()
    hour = "import time; print(time.clock_gettime(time.CLOCK_BOOTTIME) - 3600)"
    gce.ask(f"run/{name}", "pkill -KILL -u ubuntu; while pgrep -u ubuntu; do :; done")
    gce.ask(f"run/{name}", f"python3 -c '{hour}' >/run/outrig-active; {END}")
    _becomes(gce, f"{name} terminated")
    again = run("session", "start", "--name", "demo", "--provider", "gcp", "--shell", "echo back")
    assert (again.exit_code, again.out) == (0, "back\n"), again.err
    assert run("session", "stop").exit_code == 0
    assert gce.left() == []


def test_a_machine_over_its_age_is_deleted_with_its_disk(
    gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    assert run(*START, "--max-age", "2h").exit_code == 0
    assert _asked(gce)["scheduling"]["maxRunDuration"] == {"seconds": "7200"}
    name = gce.instance()
    gce.ask(f"expire/{name}")
    _vanishes(gce, name)
    listed = run("session", "list", "--refresh", "--output", "csv", "--format", "state,error")
    assert "gone" in listed.out, listed.err
    assert run("session", "stop").exit_code == 0
    assert gce.left() == []


def test_new_limits_reach_a_running_machine(
    gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    assert run(*START, "--name", "one").exit_code == 0
    more = run(*START, "--name", "one", "--idle", "5h")
    assert more.exit_code == 0, more.err
    script = "cat /home/ubuntu/.outrig-limits.json"
    found = json.loads(gce.ask(f"run/{gce.instance()}", script))
    assert found == {"idle_s": 18000.0, "max_age_s": None}
    assert run("session", "stop").exit_code == 0


def test_a_machine_with_another_key_than_it_had_is_not_trusted(
    gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    assert run(*START).exit_code == 0
    key = "/etc/ssh/ssh_host_ed25519_key"
    other = f"rm {key}*; ssh-keygen -q -t ed25519 -N '' -f {key}; pkill -o sshd; /usr/sbin/sshd"
    gce.ask(f"run/{gce.instance()}", f"{other}; pkill -KILL -u ubuntu; echo")
    refused = run("session", "execute", "--shell", "true", timeout_s=120)
    assert refused.exit_code == 125
    assert "host key" in refused.err
    assert run("session", "stop").exit_code == 0
    assert gce.left() == []


def test_a_spot_instance_hears_that_it_is_taken_back(
    gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    assert run(*START, "--spot").exit_code == 0
    name = gce.instance()
    assert gce.ask(f"run/{name}", f"timeout 1 python3 -IS {WATCHING}; cat {NOTICE}").endswith(
        "No such file or directory\n"
    )
    gce.ask(f"notice/{name}")
    told = gce.ask(f"run/{name}", f"timeout 20 python3 -IS {WATCHING}; cat {NOTICE}")
    assert json.loads(told) == {"action": "delete"}
    gce.ask(f"interrupt/{name}")
    _vanishes(gce, name)
    listed = run("session", "list", "--refresh", "--output", "csv", "--format", "state,error")
    assert "Google took its spot instance back" in listed.out, listed.err
    assert run("session", "stop").exit_code == 0
    assert gce.left() == []


def test_a_run_on_a_spot_instance_that_is_taken_back_runs_again_on_another(
    gce: LivingGce, run: CommandLine, project: ProjectMaker
) -> None:
    work = "echo begun; until [ -e /run/go ]; do sleep 0.1; done; exit 3"
    command = {"name": "work", "command": f"sh -c '{work}'"}
    project({"outrig.yaml": {"name": "demo", "commands": [command]}})
    words = ("--spot", "--on-interruption", "rerun", "--name", "one")
    started = run.start("session", "start", "work", *START[2:], *words)
    assert started.read_line() == "begun\n"
    first = gce.instance()
    gce.ask(f"interrupt/{first}")
    assert started.read_line() == "begun\n"
    second = gce.instance()
    assert second != first
    gce.ask(f"run/{second}", "touch /run/go")
    done = started.wait(120)
    assert done.exit_code == 3, done.err
    assert "one: Google took its spot instance back; starting it again" in done.err
    assert run("session", "stop").exit_code == 0
    assert gce.left() == []
