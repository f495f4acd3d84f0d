"""Sessions whose image a container engine has: what runs there runs in containers of it."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from outrig.api import NewRun, RunStatus, Stream
from outrig.testing.images import podman_image
from outrig_backendai.place.entering import inside
from outrig_backendai.place.limits import limits_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrig_backendai.compute.sessions import Compute
    from tests.plugins.backendai.conftest import Bai

IMAGE = f"localhost/outrig-bai-test-{os.getpid()}"
PROGRAMS = ("bash", "sh", "cat", "head", "id", "ls", "sleep", "touch", "uname")


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    place = tmp_path / "podman"
    place.mkdir()
    with podman_image(IMAGE, PROGRAMS, place, monkeypatch):
        yield IMAGE.removeprefix("localhost/")


def containers() -> str:
    listed = subprocess.run(["podman", "ps", "-a"], capture_output=True, text=True, check=True)
    return listed.stdout


def test_a_session_in_an_image_of_the_engine(image: str, bai: Bai, compute: Compute) -> None:
    bai("start", "-t", "boxed", "-r", "mem=64m", "--strict-image", image).checked()
    session = compute.find("boxed")
    there = compute.outrig_session(session)

    def run(script: str) -> tuple[int | None, str]:
        wanted = NewRun(script=inside(compute.place(session), script), **limits_of(session))
        (done,) = compute.outrig.wait(there, compute.outrig.execute(there, [wanted]))
        assert done.ref is not None
        log = compute.outrig.runtime.executor(there).read_log(done.ref, Stream.OUT, 0, 9999)
        return done.state.exit_code, log.data.decode()

    code, said = run("pwd; ls /; id -u; uname -n; echo $HOME; echo made > file; exit 6")
    assert code == 6
    assert said.split()[0] == "/home/work"
    assert "root" not in said.split()
    assert "0" not in said.split()
    assert said.split()[-2:] == ["main1", "/home/work"]
    assert run("cat file") == (0, "made\n")
    assert run("x=$(head -c 200000000 /dev/urandom | cat -v); echo ${#x}") == (137, "")

    hanging = NewRun(script=inside(compute.place(session), "touch on; trap '' TERM; sleep 600"))
    (begun,) = compute.outrig.execute(there, [hanging])
    while run("ls on")[0] != 0:
        pass
    (ended,) = compute.outrig.cancel_runs(there, [begun])
    assert ended.state.status is RunStatus.CANCELLED
    bai("rm", "boxed").checked()
    assert "outrig-bai-" not in containers()
