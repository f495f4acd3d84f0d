"""A living EC2 for the tests: moto's server behind what moto lacks, and a machine per instance."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from outrig.testing.machines import can_isolate, find_sshd
from outrig.transport.control import control_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
START_S = 60.0
_MOUNT = 'mount -t tmpfs -o size=2g tmpfs "$1" && shift && exec "$@"'


class LivingEc2:
    """Our end of it: its address, its log, and what is to go wrong."""

    def __init__(self, *, machines: bool, period_s: float) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="ec2-"))
        disks = self._directory / "disks"
        disks.mkdir()
        words = [sys.executable, "-m", "tests.plugins.aws.living", str(self._directory)]
        words += ["machines" if machines else "no machines", str(period_s)]
        if machines:
            before = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _MOUNT, "sh"]
            words = [*before, str(disks), *words]
        self._log = (self._directory / "log").open("wb")
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=ROOT,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, (self._directory / "log").read_text()
        found = json.loads(line)
        self.endpoint: str = found["endpoint"]
        self.config: str = found["config"]

    def ask(self, what: str, body: object = None, *, method: str = "POST") -> Any:
        """Ask its control; returns the answer."""
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.endpoint}/_living/{what}", data=data, method=method
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read())

    def rule(self, action: str | None = None, **fields: object) -> None:
        """Let calls of `action` go wrong; see `Rule`."""
        self.ask("rules", {"action": action, **fields})

    def mend(self) -> None:
        """Let nothing go wrong any more."""
        self.ask("rules", method="DELETE")

    def calls(self, service: str = "ec2") -> list[str]:
        """Return the names of the calls that were made since the last time."""
        return [one["action"] for one in self.log() if one["service"] == service]

    def log(self) -> list[dict[str, Any]]:
        """Return the calls since the last time, with their parameters."""
        found: list[dict[str, Any]] = self.ask("log", method="DELETE")
        return found

    def variables(self) -> dict[str, str]:
        """Return what leads a client here."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "OUTRIG_AWS_ADDRESS_SERVICE": f"{self.endpoint}/_living/address",
            "OUTRIG_AWS_CONFIG_FILE": self.config,
            "OUTRIG_AWS_POLL_S": "0.1",
            "OUTRIG_AWS_READY_S": "60",
        }

    def client(self, region: str = "us-east-1") -> Any:
        """Return a client of EC2, to look from outside."""
        import boto3

        return boto3.client(
            "ec2",
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def left(self, region: str = "us-east-1") -> list[str]:
        """Return what there is in the account that costs, or that we made."""
        ec2 = self.client(region)
        states = ["pending", "running", "stopping", "stopped", "shutting-down"]
        asked = [{"Name": "instance-state-name", "Values": states}]
        pages = ec2.get_paginator("describe_instances").paginate(Filters=asked)
        found = [
            f"{one['InstanceId']} {one['State']['Name']}"
            for page in pages
            for group in page["Reservations"]
            for one in group["Instances"]
        ]
        groups = ec2.describe_security_groups()["SecurityGroups"]
        found += [one["GroupId"] for one in groups if one["GroupName"] != "default"]
        found += [one["KeyName"] for one in ec2.describe_key_pairs()["KeyPairs"]]
        found += [one["VolumeId"] for one in ec2.describe_volumes()["Volumes"]]
        found += [one["AllocationId"] for one in ec2.describe_addresses()["Addresses"]]
        groups = ec2.describe_placement_groups()["PlacementGroups"]
        found += [one["GroupName"] for one in groups]
        requests = ec2.describe_spot_instance_requests()["SpotInstanceRequests"]
        open_ones = [one for one in requests if one["State"] in ("open", "active")]
        found += [one["SpotInstanceRequestId"] for one in open_ones]
        return found

    def close(self) -> None:
        """End it, and every machine."""
        self._process.communicate(b"", timeout=START_S)
        self._log.close()
        shutil.rmtree(self._directory, ignore_errors=True)


def _given(living: LivingEc2, monkeypatch: pytest.MonkeyPatch) -> Iterator[LivingEc2]:
    for name, value in living.variables().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with tempfile.TemporaryDirectory(prefix="aws-") as short:  # as sockets' paths must be
        monkeypatch.setenv("XDG_RUNTIME_DIR", short)
        yield living
        for path in control_directory().iterdir():
            if path.is_socket():
                words = ["ssh", "-O", "exit", "-o", f"ControlPath={path}", "any"]
                subprocess.run(words, capture_output=True, check=False)
    living.ask("clear")


@pytest.fixture(scope="session")
def machines_of_all() -> Iterator[LivingEc2]:
    """The account of tests that use machines."""
    if find_sshd() is None or shutil.which("ssh") is None or not can_isolate():
        pytest.skip("there is no sshd here (package openssh-server), or namespaces are not allowed")
    living = LivingEc2(machines=True, period_s=0.05)
    yield living
    living.close()


@pytest.fixture(scope="session")
def account_of_all() -> Iterator[LivingEc2]:
    """The account of tests that need no machines."""
    living = LivingEc2(machines=False, period_s=0.01)
    yield living
    living.close()


@pytest.fixture
def ec2(
    machines_of_all: LivingEc2, away_from_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LivingEc2]:
    """An empty account in which every instance is a machine."""
    yield from _given(machines_of_all, monkeypatch)


@pytest.fixture
def account(
    account_of_all: LivingEc2, away_from_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LivingEc2]:
    """An empty account in which instances are only records."""
    yield from _given(account_of_all, monkeypatch)
