"""Environments that are images: commands run in containers where an engine works."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from outrig.errors import RemoteError
from outrig.ids import new_id
from outrig.model.console import ConsoleRequest
from outrig.model.project import Environment
from outrig.model.resources import Resources
from outrig.model.run import (
    EnvironmentSource,
    ExecuteRequest,
    PreparedEnvironment,
    PrepareRequest,
    RunStatus,
    Task,
)
from outrig.testing.images import podman, podman_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrig.testing.providers import Held
    from outrig_local.provider import LocalProvider

PROGRAMS = ("bash", "sh", "cat", "ls", "head", "sleep", "touch")
IMAGE = f"localhost/outrig-test-{os.getpid()}"
DIGEST = f"image{os.getpid()}"
MADE = f"localhost/outrig-{DIGEST}"


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A podman that works, with an image that is removed again."""
    with podman_image(IMAGE, PROGRAMS, tmp_path, monkeypatch):
        yield "podman"
        podman("rmi", "--force", MADE)


def prepare(provider: LocalProvider, held: Held, **spec: object) -> PreparedEnvironment:
    files = {"Dockerfile": f"FROM {IMAGE}\nRUN echo built > /built\n".encode()}
    source = EnvironmentSource(spec=Environment(**spec), files=files)  # type: ignore[arg-type]
    request = PrepareRequest(
        session_id=held.session_id, nodes=held.nodes, source=source, digest=DIGEST
    )
    return provider.prepare(request, held.context)


def run(
    provider: LocalProvider, held: Held, made: PreparedEnvironment, script: str, **fields: object
) -> tuple[RunStatus, int | None, str | None, bytes]:
    request = ExecuteRequest(
        session_id=held.session_id,
        nodes=held.nodes,
        tasks=(Task(id=new_id(), script=script, **fields),),  # type: ignore[arg-type]
        environment=made,
    )
    (ref,) = provider.execute(request, held.context)
    (state,) = held.wait(ref)
    return state.status, state.exit_code, state.reason, held.log(ref)


def test_commands_run_in_the_image(
    engine: str, held: Held, provider: LocalProvider, root: Path
) -> None:
    held.sync({"input.txt": "from outside"})
    made = prepare(provider, held, image=IMAGE, shell=("touch /kept here",))
    assert made.made
    script = 'ls / /kept; cat input.txt; echo "$MINE $OUTRIG_SESSION"; echo in > made; exit 6'
    status, code, _, out = run(provider, held, made, script, variables={"MINE": "a  b"})
    assert (status, code) == (RunStatus.FAILED, 6)
    assert b"/kept\n" in out
    assert out.endswith(f"from outsidea  b {held.session_id}\n".encode())
    assert b"usr\n" in out
    assert b"root\n" not in out
    assert held.sh("cat made; ls")[1] == b"in\nhere\ninput.txt\nmade\n"
    assert prepare(provider, held, image=IMAGE, shell=("touch /kept here",)).made is False
    status, code, reason, _ = run(provider, held, made, "sleep 600", timeout_s=1.0)
    assert (status, code, reason) == (RunStatus.FAILED, 124, "timed out after 1 s")
    request = ConsoleRequest(
        session_id=held.session_id, node=held.head, argv=("bash",), environment=made
    )
    console = provider.console(request)
    console.write(b"cat input.txt; exit 3\n")
    seen = b""
    while data := console.read():
        seen += data
    assert b"from outside" in seen
    assert console.close() == 3
    held.end()
    left = subprocess.run(["podman", "ps", "-a"], capture_output=True, text=True, check=True)
    assert "outrig-" not in left.stdout


def test_an_image_is_built_of_a_dockerfile(
    engine: str, held: Held, provider: LocalProvider
) -> None:
    made = prepare(provider, held, dockerfile="Dockerfile")
    assert run(provider, held, made, "cat /built")[3] == b"built\n"


def test_an_image_that_is_not_there_is_said(
    engine: str, held: Held, provider: LocalProvider
) -> None:
    with pytest.raises(RemoteError, match=r"'pull localhost/there-is-no-such' ended with exit"):
        prepare(provider, held, image="localhost/there-is-no-such")


def test_the_memory_of_a_container_is_limited(
    engine: str, held: Held, provider: LocalProvider
) -> None:
    made = prepare(provider, held, image=IMAGE)
    script = "x=$(head -c 200000000 /dev/urandom | cat -v); echo ${#x}"
    limit = Resources(memory_mib=64)
    status, code, reason, out = run(provider, held, made, script, resources=limit)
    assert (status, code, out) == (RunStatus.FAILED, 137, b"")
    assert reason in ("memory limit 64 MiB exceeded", "killed; memory limit 64 MiB")
