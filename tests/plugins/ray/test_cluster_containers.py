"""Clusters whose commands run in a container, by a real podman on this computer.

The image is made of a few programs of this machine; a program called `raylet` stands for Ray.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.testing.images import CONTAINERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.testing.command_line import CommandLine

PROGRAMS = ("bash", "sh", "cat", "chown", "cp", "id", "ls", "mkdir", "sleep")
IMAGE = f"localhost/outrig-ray-{os.getpid()}"
NAME = f"outrig-ray-{os.getpid()}"
FILE = f"""\
cluster_name: boxed
provider: {{type: local}}
docker:
  image: {IMAGE}
  container_name: {NAME}
  pull_before_run: False
  use_podman: True
  disable_automatic_runtime_detection: True
  disable_shm_size_detection: True
  run_options: ["--env COLOUR=blue", "--user 0", "--env HOME=/root"]
file_mounts: {{~/code: code, /data/one.txt: code/a.txt}}
initialization_commands: ["echo outside >> BASE/init"]
setup_commands: ["echo set up >> ~/log; cat ~/code/a.txt /data/one.txt >> ~/log"]
head_start_ray_commands:
  - ray stop
  - cp /usr/bin/sleep ~/raylet; echo $RAY_HEAD_IP >> ~/starts; (~/raylet 3600 >/dev/null 2>&1 &)
"""


def podman(*words: str, data: bytes | None = None) -> bool:
    """Run podman; returns whether it went well."""
    done = subprocess.run(["podman", *words], input=data, capture_output=True, check=False)
    return done.returncode == 0


def packed(place: Path) -> bytes:
    """Return a file system of a few programs of this machine, as tar."""
    for name in PROGRAMS:
        source = Path(shutil.which(name) or "").resolve()
        asked = subprocess.run(["ldd", source], capture_output=True, text=True, check=False)
        libraries = [word for word in asked.stdout.split() if word.startswith("/")]
        for path, target in [
            (source, place / "usr/bin" / name),
            *((Path(one), place / one[1:]) for one in libraries),
        ]:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
    (place / "bin").symlink_to("usr/bin")
    for name in ("tmp", "root", "etc"):
        (place / name).mkdir()
    (place / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
    made = subprocess.run(["tar", "-C", place, "-c", "."], capture_output=True, check=True)
    return made.stdout


@pytest.fixture
def boxed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cluster file, where podman works."""
    if shutil.which("podman") is None or os.geteuid() != 0:
        pytest.skip("no podman that may be tried")
    (tmp_path / "containers.conf").write_text(CONTAINERS)
    monkeypatch.setenv("CONTAINERS_CONF", str(tmp_path / "containers.conf"))
    if not podman("import", "-", IMAGE, data=packed(tmp_path / "rootfs")) or not podman(
        "run", "--rm", "--net=host", IMAGE, "bash", "-c", "true"
    ):
        pytest.skip("podman does not work here")
    (tmp_path / "code").mkdir()
    (tmp_path / "code/a.txt").write_text("a\n")
    file = tmp_path / "boxed.yaml"
    file.write_text(FILE.replace("BASE", str(tmp_path)))
    yield file
    podman("rm", "-f", "-t", "0", NAME)
    podman("rmi", "-f", IMAGE)


@pytest.mark.timeout(300)
def test_a_cluster_in_a_container(boxed: Path, run: CommandLine) -> None:
    run("ray", "up", str(boxed), timeout_s=120).checked()
    inside = run("ray", "exec", "boxed", "cat ~/log; echo $COLOUR; exit 4")
    assert (inside.exit_code, inside.out) == (4, "set up\na\na\nblue\n"), str(inside)
    assert run("ray", "exec", "boxed", "cat ~/log", "--run-env", "host").exit_code != 0
    again = run("ray", "up", str(boxed)).checked()
    assert "nothing has changed" in again.err, str(again)
    assert (boxed.parent / "init").read_text() == "outside\n"
    (boxed.parent / "b.txt").write_text("b")
    run("ray", "rsync-up", "boxed", str(boxed.parent / "b.txt"), "~/new.txt").checked()
    run("ray", "rsync-down", "boxed", "~/new.txt", str(boxed.parent / "back.txt")).checked()
    assert (boxed.parent / "back.txt").read_text() == "b"
    raylets = "n=0; for one in /proc/[0-9]*/comm; do read -r is < $one; "
    raylets += '[ "$is" != raylet ] || n=$((n+1)); done 2>/dev/null; echo $n'
    assert run("ray", "exec", "boxed", raylets).out == "1\n"
    run("ray", "stop", "boxed").checked()
    assert run("ray", "exec", "boxed", raylets).out == "0\n"
    changed = run("ray", "up", str(boxed)).checked()
    assert "setup 1/1" not in changed.err, "the container is the same"
    assert podman("rm", "-f", "-t", "0", NAME)
    anew = run("ray", "up", str(boxed), timeout_s=120).checked()
    assert "setup 1/1" in anew.err
    run("ray", "down", "boxed").checked()
    assert not podman("container", "exists", NAME)


@pytest.mark.timeout(300)
def test_a_container_of_somebody_elses_is_left_alone(boxed: Path, run: CommandLine) -> None:
    assert podman("run", "-d", "--net=host", "--name", NAME, IMAGE, "sleep", "1000")
    done = run("ray", "up", str(boxed), timeout_s=120)
    assert (done.exit_code, f"a container called {NAME} is there already" in done.err) == (7, True)
    assert podman("container", "exists", NAME)
