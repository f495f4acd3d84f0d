"""Jobs from the command line against a real Ray.

`ray job submit`, `ray job status`, `ray job logs`, `ray job stop`, `ray job list`,
`ray job delete`.
"""

from __future__ import annotations

import signal
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrig.testing.command_line import Running
    from outrig.testing.fixtures import ProjectMaker
    from tests.plugins.ray.jobs.conftest import JobWords

pytestmark = pytest.mark.timeout(300)
MAIN = """\
import helper, os, sys
print(sys.argv[1:], helper.WORD, sorted(os.listdir()), os.environ["GREETING"])
sys.exit(3)
"""
WAITS = "echo first; until [ -e {0} ]; do sleep 0.1; done; echo second; kill -KILL $$"


class Relay:
    """A way to a dashboard that can be cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> int:
        """Cut every connection; returns how many there were."""
        cut, self._open = self._open, []
        for one in cut:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        return len(cut)

    def close(self) -> None:
        """Take no more connections."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                self._open += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=_pass_on, args=pair, daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def relay(job: JobWords) -> Iterator[Relay]:
    """A way to the shared Ray that can be cut."""
    made = Relay(int(job.head.url.rpartition(":")[2]))
    yield made
    made.close()


def until(running: Running, text: str) -> str:
    """Return what a command prints up to a line that holds the text."""
    found = ""
    while text not in found:
        line = running.read_line()
        assert line, found
        found += line
    return found


def test_a_job_runs_in_a_snapshot_of_the_directory(job: JobWords, project: ProjectMaker) -> None:
    directory = project(
        {
            "main.py": MAIN,
            "helper.py": "WORD = 'helped'\n",
            "big.bin": "left out",
            ".gitignore": "*.bin\n",
            "note": "excluded",
        }
    )
    environment = '{"env_vars": {"GREETING": "hello"}, "excludes": ["note"]}'
    words = ("--runtime-env-json", environment, "--working-dir", str(directory))
    metadata = ("--metadata-json", '{"who": "me"}', "--entrypoint-num-cpus", "0.5")
    done = job(
        "submit", *words, *metadata, "--submission-id", "first", "--", "python3", "main.py", "a b"
    )
    assert done.exit_code == 3, str(done)
    assert done.lines[-1] == "['a b'] helped ['.gitignore', 'helper.py', 'main.py'] hello"
    assert "3 files" in done.err
    assert "job first FAILED" in done.err

    again = job("submit", *words, "--submission-id", "first", "--", "true")
    assert again.exit_code == 125
    assert f"{directory}: 3 files, which the cluster has already" in again.err
    assert 'there is a job "first" already' in again.err
    (listed,) = [one for one in job("list", "--output", "json").records() if one["id"] == "first"]
    assert (listed["status"], listed["exit"]) == ("FAILED", 3)
    assert job("status", "first").lines == ["FAILED"]
    assert job("logs", "first").out == done.out
    assert job("logs", "-f", "first").exit_code == 3
    assert job("stop", "first").lines == ["FAILED"]
    assert "deleted" in job("delete", "first").checked().err
    assert job("status", "first").exit_code == 4
    assert 'there is no job "first"' in job("logs", "first").err


def test_a_job_waits_until_ray_has_what_it_asks_for(job: JobWords) -> None:
    wanted = ("--entrypoint-resources", '{"stamp": 3}')
    name = job("submit", "--no-wait", *wanted, "--", "true").checked().lines[0]
    assert job("status", name).lines == ["PENDING"]
    refused = job("delete", name)
    assert refused.exit_code == 2
    assert f'job "{name}" is PENDING' in refused.err
    assert job("logs", name).out == ""
    assert job("stop", name).lines == ["STOPPED"]
    followed = job("logs", "--follow", name)
    assert followed.exit_code == 125
    assert f'job "{name}" STOPPED: it was stopped before Ray had placed it' in followed.err
    job("delete", name).checked()


def test_a_tail_survives_cut_connections(job: JobWords, relay: Relay, tmp_path: Path) -> None:
    go = tmp_path / "go"
    running = job.command_line.start(
        *("ray", "job", "submit", "--address", relay.url, "--", WAITS.format(go))
    )
    seen = until(running, "first\n")
    assert relay.cut()
    assert relay.cut() in (0, 2, 4)
    go.touch()
    done = running.wait(180)
    assert done.exit_code == 137, str(done)
    lines = (seen + done.out).splitlines()
    assert [one for one in lines if one in ("first", "second")] == ["first", "second"]


def test_ctrl_c_leaves_a_job_and_a_second_one_stops_it(job: JobWords, tmp_path: Path) -> None:
    name = job("submit", "--no-wait", "--", WAITS.format(tmp_path / "never")).lines[0]
    for times in (1, 2):
        following = job.command_line.start("ray", "job", "logs", "-f", name, env=job.variables)
        until(following, "first\n")
        following.send(signal.SIGINT)
        assert f"ray job logs -f {name}" in following.read_error_line()
        if times == 2:
            following.send(signal.SIGINT)
        assert following.wait(180).exit_code == 130
        assert job("status", name).lines == ["RUNNING" if times == 1 else "STOPPED"]


def test_an_environment_that_cannot_be_made_is_our_failure(job: JobWords) -> None:
    environment = '{"working_dir": "gcs://_ray_pkg_missing.zip"}'
    done = job("submit", "--runtime-env-json", environment, "--", "true")
    assert done.exit_code == 125
    assert "FAILED: " in done.err
