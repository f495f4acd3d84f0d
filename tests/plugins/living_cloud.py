"""Our end of a living cloud: a process of its own that serves an API, with machines behind it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from outrig.testing.machines import can_isolate, find_sshd
from outrig.transport.control import control_directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pytest

ROOT = Path(__file__).resolve().parents[2]
START_S = 60.0
DEMO: dict[str, str | bytes | Mapping[str, object]] = {
    "outrig.yaml": {
        "name": "demo",
        "output_files": ["out/"],
        "commands": [{"name": "train", "command": "sh train.sh"}],
    },
    "train.sh": "echo on $(hostname); mkdir -p out; echo 42 > out/result; exit 3\n",
}
"""A project whose command says where it is, has outputs, and fails."""
_MOUNT = 'mount -t tmpfs -o size=2g tmpfs "$1" && shift && exec "$@"'


class LivingCloud:
    """Its address, its log, and what is to go wrong; `module` serves it."""

    module: str

    def __init__(self, *, machines: bool, period_s: float) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="cloud-"))
        disks = self._directory / "disks"
        disks.mkdir()
        words = [sys.executable, "-m", self.module, str(self._directory)]
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
        self.found: dict[str, str] = json.loads(line)
        self.endpoint = self.found["endpoint"]
        self.config = self.found["config"]

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

    def log(self) -> list[dict[str, Any]]:
        """Return the calls since the last time, with their parameters."""
        found: list[dict[str, Any]] = self.ask("log", method="DELETE")
        return found

    def variables(self) -> dict[str, str]:
        """Return what leads a client here."""
        raise AssertionError("a cloud says so")

    def close(self) -> None:
        """End it, and every machine."""
        self._process.communicate(b"", timeout=START_S)
        self._log.close()
        shutil.rmtree(self._directory, ignore_errors=True)


Cloud = TypeVar("Cloud", bound=LivingCloud)


def why_no_machines() -> str | None:
    """Return why there can be no machines here, `None` where there can."""
    if find_sshd() is None or shutil.which("ssh") is None:
        return "there is no sshd here (package openssh-server)"
    return None if can_isolate() else "namespaces are not allowed here"


def hang_up() -> None:
    """End the connections that are kept open for the next command."""
    for path in control_directory().iterdir():
        if path.is_socket():
            words = ["ssh", "-O", "exit", "-o", f"ControlPath={path}", "any"]
            subprocess.run(words, capture_output=True, check=False)


def given(living: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """Yield a cloud that this test's clients find; it is empty again afterwards."""
    for name, value in living.variables().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with tempfile.TemporaryDirectory(prefix="cloud-") as short:  # as sockets' paths must be
        monkeypatch.setenv("XDG_RUNTIME_DIR", short)
        yield living
        hang_up()
    living.ask("clear")
