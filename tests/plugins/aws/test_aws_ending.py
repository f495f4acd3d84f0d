"""Machines that end by themselves, show who they are, and hear that they are taken back."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
import yaml

from outrig.api import Lifetime, host_key_for
from outrig.cloud.ending import ENDING, LIMITS, NOTICE, WATCHING
from outrig.node.program import lifetime
from outrig_aws.user_data import OWN_KEY, user_data

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker
    from tests.plugins.aws.conftest import LivingEc2

pytestmark = pytest.mark.timeout(300)  # machines boot, on computers that may be slow

FILES = {"outrig.yaml": "name: demo\n"}
START = ("session", "start", "--provider", "aws")
END = f"python3 -IS {ENDING}"
WAIT_S = 60.0


def _instance(ec2: LivingEc2) -> str:
    return next(one.split()[0] for one in ec2.left() if one.startswith("i-"))


def _becomes(ec2: LivingEc2, instance: str, state: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while f"{instance} {state}" not in ec2.left():
        assert time.monotonic() < deadline, ec2.left()
        time.sleep(0.05)


def test_user_data_is_what_cloud_init_reads() -> None:
    key = host_key_for("token")
    text = user_data("ssh-ed25519 AAAA", key, Lifetime(idle_s=60.0, max_age_s=90.0), spot=True)
    assert len(text) < 16384  # what EC2 takes
    found = yaml.safe_load(text)
    assert text.startswith("#cloud-config\n")
    assert found["ssh_authorized_keys"] == ["ssh-ed25519 AAAA"]
    assert found["ssh_keys"] == {"ecdsa_private": key.private, "ecdsa_public": key.public}
    assert found["ssh_deletekeys"] is True
    assert found["ssh_pwauth"] is False
    files = {one["path"]: one["content"] for one in found["write_files"]}
    assert json.loads(files[LIMITS]) == {"idle_s": 60.0, "max_age_s": 90.0}
    compile(files[ENDING], ENDING, "exec")
    compile(files[WATCHING], WATCHING, "exec")
    assert f"ExecStart=/usr/bin/python3 -IS {ENDING}" in "".join(files.values())
    assert found["runcmd"][-1][-2:] == ["outrig-ending.timer", "outrig-watching.service"]
    assert not any("AWS_" in one for one in files.values())


def test_cloud_init_itself_takes_the_user_data(tmp_path: Path) -> None:
    program = shutil.which("cloud-init")
    if program is None:
        pytest.skip("there is no cloud-init here (package cloud-init)")
    login, key = "ssh-ed25519 AAAA", host_key_for("token")
    path = tmp_path / "user-data"
    path.write_text(user_data(login, key, Lifetime(idle_s=60.0), spot=True))
    words = [program, "schema", "--config-file", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "Valid cloud-config" in done.stdout


def test_an_idle_machine_powers_itself_off_and_is_resumed(
    ec2: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    started = run(*START, "--idle", "30m", "--aws-transport", "paramiko")
    assert "m6i.large" not in started.err
    assert "stopped when idle for 30 m 00 s" in started.err
    instance = _instance(ec2)
    ec2.ask(f"run/{instance}", END)
    assert f"{instance} running" in ec2.left()
    hour = "import time; print(time.clock_gettime(time.CLOCK_BOOTTIME) - 3600)"
    ec2.ask(f"run/{instance}", "pkill -KILL -u ubuntu; while pgrep -u ubuntu; do :; done")
    beneath = "setsid runuser -u ubuntu -- env OUTRIG_BESIDE=1 sleep 600 >/dev/null 2>&1 &"
    ec2.ask(f"run/{instance}", f"{beneath} until pgrep -u ubuntu -x sleep; do :; done")
    ec2.ask(f"run/{instance}", f"python3 -c '{hour}' >/run/outrig-active; {END}")
    _becomes(ec2, instance, "stopped")
    done = run("session", "stop")
    assert done.exit_code == 0, done.err
    assert ec2.left() == []


def test_a_machine_over_its_age_terminates_where_that_was_asked_for(
    ec2: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    words = ("--max-age", "1s", "--idle", "never", "--idle-action", "terminate")
    assert run(*START, *words).exit_code == 0
    instance = _instance(ec2)
    ec2.ask(f"run/{instance}", END)
    deadline = time.monotonic() + WAIT_S
    while any(one.startswith(instance) for one in ec2.left()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert run("session", "stop").exit_code == 0
    assert ec2.left() == []


def test_new_limits_reach_a_running_machine(
    ec2: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    assert run(*START, "--name", "one").exit_code == 0
    instance = _instance(ec2)
    more = run(*START, "--name", "one", "--idle", "5h", "--idle-action", "terminate")
    assert more.exit_code == 0, more.err
    found = json.loads(ec2.ask(f"run/{instance}", "cat /home/ubuntu/.outrig-limits.json"))
    assert found == {"idle_s": 18000.0, "max_age_s": None}
    kind = ec2.client().describe_instance_attribute(
        InstanceId=instance, Attribute="instanceInitiatedShutdownBehavior"
    )
    assert kind["InstanceInitiatedShutdownBehavior"]["Value"] == "terminate"
    assert run("session", "stop").exit_code == 0


def test_the_key_that_user_data_holds_counts_for_the_first_contact_only(
    ec2: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    project(FILES)
    assert run(*START).exit_code == 0
    instance = _instance(ec2)
    other = f"rm {OWN_KEY}*; pkill -o sshd; /usr/sbin/sshd; pkill -KILL -u ubuntu; echo"
    ec2.ask(f"run/{instance}", other)
    refused = run("session", "execute", "--shell", "true", timeout_s=120)
    assert refused.exit_code == 125
    assert "host key" in refused.err
    assert run("session", "stop").exit_code == 0
    assert ec2.left() == []


def test_a_spot_instance_that_is_taken_back_is_noticed_and_replaced(
    ec2: LivingEc2, run: CommandLine, project: ProjectMaker
) -> None:
    work = "echo $OUTRIG_RUN >begun; echo begun; while [ ! -e /run/go ]; do sleep 0.1; done; exit 3"
    project({"outrig.yaml": {"name": "demo", "commands": [{"name": "work", "command": work}]}})
    words = ("--spot", "--on-interruption", "rerun", "--name", "one")
    started = run.start("session", "start", "work", "--provider", "aws", *words)
    assert started.read_line() == "begun\n"
    first = _instance(ec2)
    ec2.ask(f"interrupt/{first}", 5.0)
    told = ec2.ask(f"run/{first}", f"timeout 20 python3 -IS {WATCHING}; cat {NOTICE}")
    assert json.loads(told)["action"] == "terminate"
    assert started.read_line() == "begun\n"
    second = _instance(ec2)
    assert second != first
    ec2.ask(f"run/{second}", "touch /run/go")
    done = started.wait(120)
    assert done.exit_code == 3, done.err
    assert f"one: {first} is about to be taken back: terminate at 20" in done.err
    assert "one: AWS took its spot instance back; starting it again" in done.err
    events = json.loads(run("session", "events", "one", "--output", "json").out)
    kinds = [event["kind"] for event in events]
    assert kinds.index("node.notice") < kinds.index("session.interrupted")
    assert run("session", "stop").exit_code == 0
    assert ec2.left() == []


def test_the_watcher_writes_where_the_node_program_looks() -> None:
    assert lifetime.NOTICE == NOTICE
