"""The world around a run turns bad: clients die, disks fill up or become read-only, clocks jump.

`OUTRIG_FAULT_ROUNDS` and `OUTRIG_FAULT_SEED` are those of the tests of kills.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from outrig.errors import OutrigError, RemoteError
from outrig.ids import new_id
from outrig.model.run import RunRef, RunStatus, Task
from outrig.node import boot, greeting
from outrig.testing.providers import Held
from outrig_local.provider import LocalProvider, LocalSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrig.model.run import RunState

ROUNDS = max(1, int(os.environ.get("OUTRIG_FAULT_ROUNDS", "60")) // 10)
PAGE = 4096
SETTLING = 10
"""How often the node is asked for runs that it may never have heard of."""

CLIENT = """
import sys
from outrig.model.run import Task
from outrig.testing.providers import Held
from outrig_local.provider import LocalProvider, LocalSettings
held = Held(LocalProvider(LocalSettings(root=sys.argv[1])))
held.session_id = sys.argv[2]
print("ready", flush=True)
held.start(*(
    Task(id=run, script=f"echo $$ >> {run}; exit {code}") for code, run in enumerate(sys.argv[3:])
))
held.wait()
"""
SHIFTED = b"""
def shifted_time():
    import os, time
    return time.time() - (86400 if os.path.exists("%s") else 0)
"""


@pytest.fixture
def chance() -> random.Random:
    """What decides; its seed is shown when the test fails."""
    seed = int(os.environ.get("OUTRIG_FAULT_SEED", "0")) or random.SystemRandom().randrange(1 << 32)
    sys.stdout.write(f"OUTRIG_FAULT_SEED={seed}\n")
    return random.Random(seed)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "outrig-test", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("file systems cannot be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def on_disk(disk: Path) -> Iterator[Held]:
    provider = LocalProvider(LocalSettings(root=str(disk / "node")))
    held = Held(provider)
    held.sync({})
    yield held
    held.end()
    provider.close()


def test_a_client_that_is_killed_while_it_starts_runs(
    held: Held, root: Path, chance: random.Random
) -> None:
    for _ in range(ROUNDS):
        runs = [new_id() for _ in range(8)]
        command = [sys.executable, "-c", CLIENT, str(root), held.session_id, *runs]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as killed:
            assert killed.stdout is not None
            assert killed.stdout.readline() == b"ready\n"
            time.sleep(chance.random() * 0.2)
            killed.send_signal(signal.SIGKILL)
        check_all_or_none(held, root, runs)


def ended(held: Held, refs: tuple[RunRef, ...]) -> tuple[RunState, ...]:
    """Return how runs ended, also when that was told before."""
    while True:
        states = held.runner.observe(refs)
        if all(state.status.ended for state in states):
            return states
        time.sleep(0.01)


def check_all_or_none(held: Held, root: Path, runs: list[str]) -> None:
    """Either the node was never asked, or every run comes to its own end, once."""
    refs = tuple(RunRef(id=run, session_id=held.session_id, node=held.head) for run in runs)
    marks = root / "s" / held.session_id / "work"
    for _ in range(SETTLING):
        states = held.runner.observe(refs)
        if {state.status for state in states} != {RunStatus.LOST}:
            break
        time.sleep(0.1)
    if {state.status for state in states} == {RunStatus.LOST}:
        assert {state.reason for state in states} == {"the node does not know this run"}
        assert not [run for run in runs if (marks / run).exists()]
        return
    states = ended(held, refs)
    assert [state.exit_code for state in states] == list(range(len(runs))), states
    assert all(len((marks / run).read_text().splitlines()) == 1 for run in runs)


def fill(disk: Path, pages: int) -> Path:
    """Leave so many pages free; returns the file that fills the disk."""
    file = disk / "fill"
    with file.open("wb", buffering=0) as stream:
        try:
            while stream.write(bytes(PAGE)):
                pass
        except OSError:
            stream.truncate(max(0, stream.tell() - pages * PAGE))
    return file


def test_a_disk_that_is_full_at_any_write(on_disk: Held, disk: Path, chance: random.Random) -> None:
    for pages in chance.sample(range(20), min(20, ROUNDS)):
        full = fill(disk, pages)
        task = Task(id=new_id(), script="exit 7")
        refusal = ""
        try:
            (ref,) = on_disk.start(task)
            on_disk.runner.wait((ref,), 0.2)  # it gets on as far as it can
        except OutrigError as err:
            refusal = str(err)
        full.unlink()
        if refusal:
            assert "No space left on device" in refusal
            assert not (disk / "node" / "r" / task.id).exists()
            continue
        (state,) = ended(on_disk, (ref,))
        refused = (RunStatus.FAILED, 125)
        assert (state.status, state.exit_code) in ((RunStatus.FAILED, 7), refused), (pages, state)
        if state.exit_code == 125:
            assert state.started_at is None
            assert state.reason is not None
            assert state.reason.startswith(("the node cannot start it: No", "the node could not"))
    assert on_disk.sh("echo works")[1] == b"works\n"


def test_a_node_root_that_becomes_read_only(on_disk: Held, disk: Path) -> None:
    remount = ["mount", "-o", "remount,ro", str(disk)]
    if subprocess.run(remount, capture_output=True, check=False).returncode:
        pytest.skip("the file system is busy")
    try:
        with pytest.raises(RemoteError, match="Read-only file system"):
            on_disk.start(Task(id=new_id(), script="true"))
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    assert on_disk.sh("echo works")[1] == b"works\n"


def test_a_clock_that_is_set_back(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day back while runs go on: time limits and ends are as if nothing had been done."""
    back = tmp_path / "back"
    head, mark, rest = boot.program_source().partition(b"import annotations\n")
    source = head + mark + SHIFTED % os.fsencode(back)
    source += rest.replace(b"time.time()", b"shifted_time()")
    monkeypatch.setattr(greeting, "program_source", lambda: source)
    monkeypatch.setattr(boot, "program_digest", lambda: "shifted")
    held = Held(LocalProvider(LocalSettings(root=str(root))))
    held.sync({})
    refs = held.start(
        Task(id=new_id(), script="sleep 600", timeout_s=2),
        Task(id=new_id(), script="sleep 600", timeout_s=2),
        Task(id=new_id(), script="while [ ! -e door ]; do sleep 0.02; done; exit 4"),
        cap=3,
    )
    while any(one.status is RunStatus.QUEUED for one in held.runner.wait(refs, 0.1)):
        pass
    os.kill(int((root / "r" / refs[1].id / "lock").read_text()), signal.SIGKILL)
    back.touch()
    held.sh("touch door")
    states = held.wait(*refs)
    assert [state.exit_code for state in states] == [124, 124, 4]
    assert {state.reason for state in states[:2]} == {"timed out after 2 s"}
    assert states[2].started_at is not None
    assert states[2].ended_at is not None
    assert states[2].ended_at < states[2].started_at
    held.end()
    held.provider.close()
