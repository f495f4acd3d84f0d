"""A real Ray on two machines, which all parts of one test share: starting it takes half a minute.

Nothing here waits for what Ray does by time: each step ends when Ray has answered.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.plugins.ray.conftest import (
    Clusters,
    Network,
    clusters_on,
    require_network,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.testing.result import Result

LIMIT_S = 300
SIZE = "--num-cpus=1 --object-store-memory=100000000"
OTHER_VERSION = (
    "import os, sys, ray; ray.__version__ = '2.0.0'; from ray.scripts.scripts import main; "
    "sys.argv = ['ray', 'start', '--address=' + os.environ['RAY_HEAD_IP'] + ':6379']; main()"
)
JOB = """\
import socket, sys, ray
ray.init("auto", logging_level="ERROR", log_to_driver=False)
@ray.remote(num_cpus=1)
class Place:
    def name(self):
        return socket.gethostname()
places = [Place.remote() for _ in range(2)]
print(sorted(ray.get([one.name.remote() for one in places])), sys.argv[1:])
sys.exit(3)
"""


WORK = """\
import os, socket, ray, lesson
ray.init(logging_level="ERROR", log_to_driver=False)
@ray.remote(num_cpus=1)
class Place:
    def name(self):
        import lesson
        return lesson.WORD, socket.gethostname()
places = [Place.remote() for _ in range(2)]
print(sorted(ray.get([one.name.remote() for one in places])), os.environ["RAY_ADDRESS"])
"""


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Two machines with room for Ray's logs."""
    require_network()
    if find_spec("ray") is None:
        pytest.skip("ray is not installed here")
    made = Network(tmp_path_factory.mktemp("living"), ("first", "second"), home_size="256m")
    yield made
    made.close()


@pytest.fixture
def living(network: Network, tmp_path: Path, away_from_home: Path) -> Iterator[Clusters]:
    """Cluster files on the machines; what is up is taken down at the end."""
    with clusters_on(network, tmp_path) as clusters:
        yield clusters


def cluster_text(worker: str = f"ray start --address=$RAY_HEAD_IP:6379 {SIZE}") -> str:
    """Return a cluster file's commands, which take Ray from this test's own environment."""
    place = shlex.quote(f"export PATH={Path(sys.executable).parent}:$PATH")
    return f"""\
setup_commands:
  - echo {place} > ~/.bashrc
head_start_ray_commands:
  - ray stop
  - >-
    ray start --head --port=6379 --node-ip-address=$RAY_HEAD_IP {SIZE}
    --autoscaling-config=~/ray_bootstrap_config.yaml
worker_start_ray_commands:
  - ray stop
  - {worker}
"""


def alive(living: Clusters, name: str) -> int:
    """Return how many nodes Ray says are alive."""
    text = "import ray; ray.init('auto', logging_level='ERROR', log_to_driver=False);"
    text += "print('alive:', sum(one['Alive'] for one in ray.nodes()))"
    done = living("exec", name, f"python -c {shlex.quote(text)}").checked()
    found = re.search(r"^alive: (\d+)$", done.out, re.MULTILINE)  # Ray may say more
    assert found is not None, str(done)
    return int(found[1])


def until_alive(living: Clusters, name: str, count: int) -> None:
    """Wait until Ray says that so many nodes are alive."""
    deadline = time.monotonic() + LIMIT_S
    while alive(living, name) != count:
        assert time.monotonic() < deadline
        time.sleep(0.5)


def until_started(living: Clusters, file: str, line: str) -> str:
    """Bring the cluster up until it says that line and all is well; returns all it said.

    That Ray has died is noticed within a second. On a busy machine Ray gives up joining after half
    a minute, and the next time goes on from there.
    """
    deadline = time.monotonic() + LIMIT_S
    said = ""
    while True:
        done = living("up", file, timeout_s=LIMIT_S)
        said += done.err
        if done.exit_code == 0 and line in said:
            return said
        assert time.monotonic() < deadline, said


def find_browser() -> str | None:
    """Return Chromium by one of its names, `None` where it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def seen_in(browser: str, url: str, living: Clusters) -> str:
    """Return what a page consists of once its scripts have run."""
    words = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    words += [f"--user-data-dir={living.directory / 'browser'}", "--virtual-time-budget=20000", url]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    return done.stdout


def test_there_is_a_browser_to_see_the_dashboard_in() -> None:
    if find_browser() is None:
        pytest.skip("there is no Chromium here (package chromium): the dashboard is not looked at")
    assert Path(find_browser() or "").is_file()


@pytest.mark.timeout(900)
def test_a_real_cluster_from_up_to_down(living: Clusters) -> None:
    _a_worker_of_another_version_is_refused(living)
    file = str(living.write("real", cluster_text()))
    (living.directory / "job.py").write_text(JOB)
    until_started(living, file, "[worker 10.77.0.2] start: ray start")
    _work_is_done_on_all_nodes(living, file)
    _the_dashboard_answers(living, file)
    _nothing_happens_when_nothing_has_changed(living, file)
    _a_second_cluster_finds_the_port_taken(living)
    _a_worker_that_dies_is_brought_back(living, file)
    _a_head_that_dies_is_brought_back(living, file)
    living("down", file).checked()
    for machine in living.network.machines:
        assert [one for one in machine.processes() if "ray" in one] == []


def _a_worker_of_another_version_is_refused(living: Clusters) -> None:
    file = living.write("real", cluster_text(f"python -c {shlex.quote(OTHER_VERSION)}"))
    deadline = time.monotonic() + LIMIT_S
    done = living("up", str(file), timeout_s=LIMIT_S)
    while "Version mismatch" not in done.err:  # a busy machine's Ray may have given up before that
        assert time.monotonic() < deadline, str(done)
        done = living("up", str(file), timeout_s=LIMIT_S)
    assert done.exit_code == 7, str(done)
    assert "1 of 1 workers failed" in done.err
    assert alive(living, "real") == 1, "the head goes on"


def _work_is_done_on_all_nodes(living: Clusters, file: str) -> None:
    done = living("submit", file, "job.py", "--", "--lr", "0.1")
    assert (done.exit_code, done.out) == (3, "['first', 'second'] ['--lr', '0.1']\n"), str(done)
    status = living("status", "real").checked()
    assert "/2.0 CPU" in status.out


def _the_dashboard_answers(living: Clusters, file: str) -> None:
    port = 28265 + os.getpid() % 1000
    running = living.command_line.start(
        "ray", "dashboard", file, "-p", str(port), env=living.variables
    )
    assert running.read_line() == f"http://localhost:{port}\n"
    with urllib.request.urlopen(f"http://localhost:{port}/api/version", timeout=60) as answer:
        assert "ray_version" in json.load(answer)
    if (browser := find_browser()) is not None:
        shown = seen_in(browser, f"http://localhost:{port}/", living)
        assert "Ray Dashboard" in shown, shown
        assert "Recent jobs" in shown, "its script has run, and its data came"
    running.send(2)
    assert running.wait().exit_code == 0


def _nothing_happens_when_nothing_has_changed(living: Clusters, file: str) -> None:
    pids = "pgrep -x 'raylet|gcs_server' | xargs"
    before = [one.run(pids) for one in living.network.machines]
    assert "nothing has changed" in living("up", file).checked().err
    assert [one.run(pids) for one in living.network.machines] == before


def _a_second_cluster_finds_the_port_taken(living: Clusters) -> None:
    other = living.write("other", cluster_text(), hosts=1)
    done = living("up", str(other), timeout_s=LIMIT_S)
    assert (done.exit_code, "6379" in done.err) == (7, True), str(done)
    assert "releasing what was made for other" in done.err
    assert [one["name"] for one in living("list", "--output", "json").records()] == ["real"]
    assert alive(living, "real") == 2, "the Ray that was there goes on"


def _a_worker_that_dies_is_brought_back(living: Clusters, file: str) -> None:
    living.network.machines[1].run("pkill -9 -x raylet", as_user=True)
    until_started(living, file, "[worker 10.77.0.2] start: ray start")
    until_alive(living, "real", 2)


def _a_head_that_dies_is_brought_back(living: Clusters, file: str) -> None:
    living.network.machines[0].run("pkill -9 -x 'raylet|gcs_server'", as_user=True)
    said = until_started(living, file, "[head 10.77.0.1] start: ray start")
    assert "[worker 10.77.0.2] start: ray start" in said
    until_alive(living, "real", 2)


def until_brought_up(living: Clusters, *words: str, line: str = "") -> Result:
    """Start the session until it says that line and all is well.

    That Ray has died is noticed within a second, and a busy machine's Ray may not join in time.
    """
    deadline = time.monotonic() + LIMIT_S
    said = False
    while True:
        done = living.command_line(
            "session", "start", *words, env=living.variables, timeout_s=LIMIT_S
        )
        said = said or line in done.err
        if done.exit_code == 0 and said:
            return done
        assert time.monotonic() < deadline, str(done)


@pytest.mark.timeout(900)
def test_a_session_of_any_provider_is_a_ray_cluster(living: Clusters) -> None:
    version = metadata.version("ray")
    hosts = list(living.network.addresses)
    resources = {"provider": "ssh", "hosts": hosts, "resources": "cpu=1"}
    project = {
        "name": "many",
        "runtime": "ray==2.0.0",
        "compute": resources,
        "commands": [{"name": "work", "command": "python work.py"}],
    }
    path = living.directory / "outrig.yaml"
    (living.directory / "work.py").write_text(WORK)
    (living.directory / "lesson.py").write_text("WORD = 'learnt'\n")
    for machine in living.network.machines:
        machine.run(
            f"echo 'export PATH={Path(sys.executable).parent}:$PATH' > ~/.bashrc", as_user=True
        )
        machine.run("rm -rf /tmp/ray")  # of another test's Ray, which has no place of its own
    path.write_text(json.dumps(project))
    other = living.command_line("session", "start", "work", env=living.variables)
    assert (other.exit_code, living("list", "--output", "json").records()) == (125, [])
    assert f"the project wants Ray 2.0.0: 10.77.0.1 has {version}" in other.err
    path.write_text(json.dumps({**project, "runtime": f"ray=={version}"}))
    done = until_brought_up(living, "work", "--name", "many")
    places = [("learnt", "first"), ("learnt", "second")]
    assert re.fullmatch(re.escape(f"{places} 10.77.0.1:") + r"\d+\n", done.out), str(done)
    before = [one.run("pgrep -x gcs_server") for one in living.network.machines[:1]]
    again = living.command_line("session", "start", "--name", "many", env=living.variables)
    assert "runtime: it is up" in again.checked().err
    living.network.machines[1].run("pkill -9 -x raylet", as_user=True)
    until_brought_up(living, "--name", "many", line="runtime: ray==")
    assert living.network.machines[1].run("pgrep -x raylet") != ""
    assert [one.run("pgrep -x gcs_server") for one in living.network.machines[:1]] == before
    living.command_line("session", "stop", "many", env=living.variables).checked()
    for machine in living.network.machines:
        assert [one for one in machine.processes() if "ray" in one] == []
        assert machine.run("ls /tmp | grep ray || true") == ""
