"""Environments: made once per digest, never used half-made, failures told in a line."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from outrig.errors import Interrupted, RemoteError
from outrig.model.project import Environment
from outrig.model.run import EnvironmentSource, PreparedEnvironment, PrepareRequest, Stream, Task
from outrig.testing.memory import MemoryContext
from outrig.testing.providers import Held

if TYPE_CHECKING:
    from pathlib import Path

    from outrig_local.provider import LocalProvider

WHEEL = "tiny_thing-1.0-py3-none-any.whl"


def write_wheel(directory: Path) -> Path:
    """Write a wheel with one module, so that no index is needed."""
    import zipfile

    info = "tiny_thing-1.0.dist-info"
    files = {
        "tiny_thing.py": "SIZE = 'tiny'\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny-thing\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(directory / WHEEL, "w") as wheel:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(name, text)
    return directory / WHEEL


class CancelledByOutput(MemoryContext):
    """A user who asks to stop as soon as something is printed."""

    def output(self, stream: Stream, data: bytes) -> None:
        super().output(stream, data)
        self.cancelled = Interrupted()


def source(requirements: str = "", **fields: object) -> EnvironmentSource:
    """An environment, of a requirements file if there is a text for it."""
    named = {"requirements": "requirements.txt"} if requirements else {}
    spec = Environment(**named, **fields)  # type: ignore[arg-type]
    files = {"requirements.txt": requirements.encode()} if requirements else {}
    return EnvironmentSource(spec=spec, files=files)


def prepare(
    provider: LocalProvider, held: Held, wanted: EnvironmentSource, digest: str
) -> PreparedEnvironment:
    request = PrepareRequest(
        session_id=held.session_id, nodes=held.nodes, source=wanted, digest=digest
    )
    return provider.prepare(request, held.context)


def run_in(
    provider: LocalProvider, held: Held, environment: PreparedEnvironment, script: str
) -> str:
    from outrig.ids import new_id
    from outrig.model.run import ExecuteRequest

    request = ExecuteRequest(
        session_id=held.session_id,
        nodes=held.nodes,
        tasks=(Task(id=new_id(), script=script),),
        environment=environment,
    )
    (ref,) = provider.execute(request, held.context)
    held.wait(ref)
    return held.log(ref).decode()


def test_requirements_are_installed_once_for_all_sessions(
    held: Held, provider: LocalProvider, root: Path, tmp_path: Path
) -> None:
    half_made = root / "env" / "d1" / "venv" / "bin"
    half_made.mkdir(parents=True)
    (half_made / "python").write_text("#!/bin/sh\necho broken\n")
    other = Held(provider)
    other.sync({})
    wanted = source(f"{write_wheel(tmp_path)}\n")
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda one: prepare(provider, one, wanted, "d1"), (held, other)))
    assert sorted(one.made for one in both) == [False, True]
    assert prepare(provider, held, wanted, "d1").made is False
    for session, environment in zip((held, other), both, strict=True):
        script = "python -c 'import tiny_thing as t; print(t.SIZE)'; echo ${VIRTUAL_ENV##*/}"
        assert run_in(provider, session, environment, script) == "tiny\nvenv\n"
    assert provider.kept(held.head).environments == ()
    assert provider.remove_environment(held.head, "d1") is False
    other.end()
    held.end()
    assert provider.kept(held.head).environments == ("d1",)
    assert provider.remove_environment(held.head, "d1") is True
    assert provider.kept(held.head).environments == ()


def test_a_package_that_is_not_there_is_one_line(held: Held, provider: LocalProvider) -> None:
    wanted = source("--no-index\nthere-is-no-such-package\n")
    with pytest.raises(RemoteError) as caught:
        prepare(provider, held, wanted, "d2")
    assert "there-is-no-such-package" in str(caught.value)
    assert "ended with exit code 1" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert b"there-is-no-such-package" in held.context.printed[Stream.ERR]


def test_shell_steps_run_in_order_once_per_session_and_digest(
    held: Held, provider: LocalProvider, root: Path
) -> None:
    wanted = source(shell=("echo one | tee -a steps", "echo two >> steps; echo oops >&2"))
    assert prepare(provider, held, wanted, "d3").made is True
    assert prepare(provider, held, wanted, "d3").made is False
    assert held.sh("cat steps")[1] == b"one\ntwo\n"
    assert held.context.printed == {Stream.OUT: b"one\n", Stream.ERR: b"oops\n"}
    assert prepare(provider, held, wanted, "d4").made is True
    log = root / "s" / held.session_id / "setup.log"
    assert log.read_text().splitlines()[:2] == ["$ echo one | tee -a steps", "one"]


def test_a_failing_step_names_itself_and_is_tried_again(
    held: Held, provider: LocalProvider
) -> None:
    wanted = source(shell=("echo first >> steps", "echo so it is >&2; exit 9", "echo never"))
    for _ in range(2):
        with pytest.raises(RemoteError, match="exit code 9: so it is") as caught:
            prepare(provider, held, wanted, "d5")
        assert "'echo so it is >&2; exit 9'" in str(caught.value)
    assert held.sh("cat steps")[1] == b"first\nfirst\n"


def test_a_step_that_leaves_something_running_ends(held: Held, provider: LocalProvider) -> None:
    assert prepare(provider, held, source(shell=("sleep 600 & echo started",)), "d6").made
    assert held.context.printed[Stream.OUT] == b"started\n"


def test_ctrl_c_ends_the_step(held: Held, provider: LocalProvider, tmp_path: Path) -> None:
    held.context = CancelledByOutput()
    with pytest.raises(Interrupted):
        prepare(provider, held, source(shell=("echo $$ > pid; echo going; sleep 600",)), "d7")
    held.context = MemoryContext()
    assert held.sh("while kill -0 $(cat pid) 2>/dev/null; do sleep 0.01; done; echo gone")[1]


@pytest.mark.skipif(
    any(shutil.which(tool) for tool in ("conda", "mamba", "micromamba")), reason="there is conda"
)
def test_conda_is_refused_before_anything_is_made(
    held: Held, provider: LocalProvider, root: Path
) -> None:
    wanted = EnvironmentSource(spec=Environment(conda="env.yml"), files={"env.yml": b"name: x\n"})
    with pytest.raises(RemoteError, match="needs micromamba, mamba or conda, and the node has"):
        prepare(provider, held, wanted, "d9")
    assert list((root / "env").iterdir()) == []


def test_an_image_without_an_engine_is_refused_with_the_reason(
    held: Held, provider: LocalProvider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    provider.close()
    bare = tmp_path / "bin"
    bare.mkdir()
    for name in ("sh", "bash"):
        (bare / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    monkeypatch.setenv("PATH", str(bare))
    with pytest.raises(RemoteError, match=r"environment\.image needs a container engine"):
        prepare(provider, held, source(image="python:3.12"), "d10")


def test_a_file_with_a_path_that_leads_outside_is_refused(
    held: Held, provider: LocalProvider, root: Path
) -> None:
    spec = Environment(requirements="../../evil")
    with pytest.raises(RemoteError.__mro__[1], match="leads out"):
        prepare(provider, held, EnvironmentSource(spec=spec, files={"../../evil": b"x"}), "d11")
    assert not (root / "evil").exists()
