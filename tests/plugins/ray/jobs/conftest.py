"""A running Ray, on this computer, which all tests share: also those of other processes."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outrig.testing.command_line import CommandLine
    from outrig.testing.result import Result

START_S = 240
JOB_S = 180
CPUS = 3


class Head:
    """A Ray of one node; `url` is its dashboard. It has 2 of the resource `stamp`."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "ray.json"
        self.users = directory / "users"

    @property
    def url(self) -> str:
        """Where its dashboard is."""
        return str(self._record["url"])

    @property
    def logs(self) -> Path:
        """Where its logs are."""
        return Path(str(self._record["place"])) / "session_latest" / "logs"

    @property
    def _record(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.file.read_text())
        return found

    def boot(self) -> None:
        """Start it, unless another process did, and count as one who uses it."""
        self.users.mkdir(parents=True, exist_ok=True)
        (self.users / str(os.getpid())).touch()
        if not self.file.exists():
            self.file.write_text(json.dumps(_started()))

    def leave(self) -> None:
        """Count no more as one who uses it; the last one ends it."""
        (self.users / str(os.getpid())).unlink()
        if any(self.users.iterdir()):
            return
        place = str(self._record["place"])
        self.file.unlink()
        _await(lambda: not _killed(place))
        _await(lambda: _removed(place))


def _started() -> dict[str, object]:
    place = tempfile.mkdtemp(prefix="r", dir="/tmp")  # sockets lie below: a short path
    dashboard, client, agent = _free_ports(3)
    ports = [
        "--port=0",
        f"--dashboard-port={dashboard}",
        f"--ray-client-server-port={client}",
        f"--dashboard-agent-listen-port={agent}",
        "--min-worker-port=0",
        "--max-worker-port=0",
    ]
    words = [
        *(sys.executable, "-m", "ray.scripts.scripts", "start", "--head", *ports),
        *("--node-ip-address=127.0.0.1", "--dashboard-host=127.0.0.1", f"--temp-dir={place}"),
        *(f"--num-cpus={CPUS}", "--object-store-memory=80000000", "--disable-usage-stats"),
        '--resources={"stamp": 2}',
    ]
    started = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert started.returncode == 0, started.stdout + started.stderr
    url = f"http://127.0.0.1:{dashboard}"

    def ready() -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{url}/api/v0/nodes", timeout=30) as answer:
            return bool(json.load(answer)["data"]["result"]["total"])
        return False

    _await(ready)
    return {"url": url, "place": place}


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in taken]


def _killed(place: str) -> bool:
    """Kill what is there of the Ray in that directory; its workers end with it."""
    found = False
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if place.encode() in (entry / "cmdline").read_bytes():
                found = True
                os.kill(int(entry.name), signal.SIGKILL)
    return found


def _removed(place: str) -> bool:
    """Remove the directory; workers that are about to end may still write there."""
    shutil.rmtree(place, ignore_errors=True)
    return not Path(place).exists()


def _await(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    with (directory / "ray.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Head]:
    """The Ray that all tests share."""
    pytest.importorskip("ray")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    found = Head(shared / "ray-head")
    with _locked(shared):
        found.boot()
    yield found
    with _locked(shared):
        found.leave()


class JobWords:
    """Runs `outrig ray job …` against the shared Ray."""

    def __init__(self, command_line: CommandLine, head: Head) -> None:
        self.command_line = command_line
        self.head = head
        self.variables = {"RAY_API_SERVER_ADDRESS": head.url}

    def __call__(self, *words: str) -> Result:
        """Run `outrig ray job WORDS…` to its end."""
        return self.command_line("ray", "job", *words, env=self.variables, timeout_s=JOB_S)


@pytest.fixture
def job(run: CommandLine, head: Head) -> JobWords:
    """Run `outrig ray job …` against the shared Ray."""
    return JobWords(run, head)
