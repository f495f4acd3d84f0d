"""A living Compute Engine for the tests, and a machine for each instance."""

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


class LivingGce:
    """Our end of it: its address, its log, and what is to go wrong."""

    def __init__(self, *, machines: bool, period_s: float) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="gce-"))
        disks = self._directory / "disks"
        disks.mkdir()
        words = [sys.executable, "-m", "tests.plugins.gcp.living", str(self._directory)]
        words += ["machines" if machines else "no machines", str(period_s)]
        if machines:
            before = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _MOUNT, "sh"]
            words = [*before, str(disks), *words]
        self._log = (self._directory / "log").open("wb")
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, cwd=ROOT
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, (self._directory / "log").read_text()
        found = json.loads(line)
        self.endpoint: str = found["endpoint"]
        self.config: str = found["config"]
        self.key: str = found["key"]
        self.project: str = found["project"]

    def ask(self, what: str, body: object = None, *, method: str = "POST") -> Any:
        """Ask its control; returns the answer."""
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.endpoint}/_living/{what}", data=data, method=method
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read())

    def rule(self, action: str | None = None, **fields: object) -> None:
        """Let calls of `action` go wrong, as `instances.start`; see `Rule`."""
        self.ask("rules", {"action": action, **fields})

    def mend(self) -> None:
        """Let nothing go wrong any more."""
        self.ask("rules", method="DELETE")

    def log(self) -> list[dict[str, Any]]:
        """Return the calls since the last time, with their parameters and bodies."""
        found: list[dict[str, Any]] = self.ask("log")
        return found

    def calls(self) -> list[str]:
        """Return the names of the calls since the last time."""
        return [str(one["action"]) for one in self.log()]

    def call(self, method: str, body: object = None, **params: str) -> Any:
        """Call a method of the API from outside, past rules and log."""
        given = {"project": self.project, **params}
        return self.ask("call", {"method": method, "params": given, "body": body or {}})

    def left(self) -> list[str]:
        """Return what there is in the project that costs, or that we made."""
        found: list[str] = self.ask("left")
        return found

    def instance(self) -> str:
        """Return the name of the one instance."""
        (found,) = [one.split()[0] for one in self.left() if "/" not in one]
        return found

    def variables(self) -> dict[str, str]:
        """Return what leads a client here."""
        return {
            "GOOGLE_APPLICATION_CREDENTIALS": self.key,
            # google-auth asks Google about service accounts, in the background; not from here.
            "HTTPS_PROXY": self.endpoint,
            "NO_PROXY": "127.0.0.1",
            "OUTRIG_GCP_ENDPOINT": self.endpoint,
            "OUTRIG_GCP_ADDRESS_SERVICE": f"{self.endpoint}/_living/address",
            "OUTRIG_GCP_CONFIG_FILE": self.config,
            "OUTRIG_GCP_POLL_S": "0.1",
            "OUTRIG_GCP_READY_S": "60",
            "CLOUDSDK_COMPUTE_REGION": "us-central1",
        }

    def close(self) -> None:
        """End it, and every machine."""
        self._process.communicate(b"", timeout=START_S)
        self._log.close()
        shutil.rmtree(self._directory, ignore_errors=True)


def _given(living: LivingGce, monkeypatch: pytest.MonkeyPatch) -> Iterator[LivingGce]:
    for name, value in living.variables().items():
        monkeypatch.setenv(name, value)
    for name in ("SSH_AUTH_SOCK", "GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    with tempfile.TemporaryDirectory(prefix="gcp-") as short:  # as sockets' paths must be
        monkeypatch.setenv("XDG_RUNTIME_DIR", short)
        yield living
        for path in control_directory().iterdir():
            if path.is_socket():
                words = ["ssh", "-O", "exit", "-o", f"ControlPath={path}", "any"]
                subprocess.run(words, capture_output=True, check=False)
    living.ask("clear")


@pytest.fixture(scope="session")
def gce_machines_of_all() -> Iterator[LivingGce]:
    """The project of tests that use machines."""
    if find_sshd() is None or shutil.which("ssh") is None or not can_isolate():
        pytest.skip("there is no sshd here (package openssh-server), or namespaces are not allowed")
    living = LivingGce(machines=True, period_s=0.05)
    yield living
    living.close()


@pytest.fixture(scope="session")
def gce_project_of_all() -> Iterator[LivingGce]:
    """The project of tests that need no machines."""
    living = LivingGce(machines=False, period_s=0.01)
    yield living
    living.close()


@pytest.fixture
def gce(
    gce_machines_of_all: LivingGce, away_from_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LivingGce]:
    """An empty project in which every instance is a machine."""
    yield from _given(gce_machines_of_all, monkeypatch)


@pytest.fixture
def records(
    gce_project_of_all: LivingGce, away_from_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LivingGce]:
    """An empty project in which instances are only records."""
    yield from _given(gce_project_of_all, monkeypatch)
