"""What a node may be too short of for a while: processes, descriptors, room for its own notes."""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from outrig.errors import RemoteError
from outrig.ids import new_id
from outrig.model.run import RunStatus, Task
from outrig.node import boot, greeting
from outrig.testing.providers import Held
from outrig_local.provider import LocalProvider, LocalSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrig.model.run import RunRef, RunState

PAGE = 4096
LONG_S = 60
AT_ONCE = 200
"""More than the shims that a keeper keeps for further runs."""
FORK = b"""
def fork_unless_short():
    import errno, os
    if os.path.exists("%s"):
        raise OSError(errno.EAGAIN, "too many processes")
    return os.fork()
"""


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """As long as this file is there, the keeper cannot fork."""
    return tmp_path / "short"


@pytest.fixture
def on_short_node(root: Path, short: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    head, mark, rest = boot.program_source().partition(b"import annotations\n")
    source = head + mark + FORK % os.fsencode(short)
    source += re.sub(
        rb"(class LiveRuns:.*?)os\.fork\(\)", rb"\1fork_unless_short()", rest, flags=re.DOTALL
    )
    monkeypatch.setattr(greeting, "program_source", lambda: source)
    monkeypatch.setattr(boot, "program_digest", lambda: "short")
    held = Held(LocalProvider(LocalSettings(root=str(root))))
    held.sync({})
    yield held
    held.end()
    held.provider.close()


def look_until_over(held: Held, refs: tuple[RunRef, ...]) -> tuple[RunState, ...]:
    """Do what listing does, and nothing else, until the runs have ended."""
    while True:
        states = held.runner.observe(refs)
        if all(state.status.ended for state in states):
            return states


def test_runs_wait_while_there_are_too_many_processes(on_short_node: Held, short: Path) -> None:
    short.touch()
    refs = on_short_node.start(*(Task(id=new_id(), script=f"exit {code}") for code in range(4)))
    states = on_short_node.runner.wait(refs, 1)
    assert {state.status for state in states} == {RunStatus.QUEUED}
    short.unlink()
    assert [state.exit_code for state in on_short_node.wait(*refs)] == [0, 1, 2, 3]


def test_more_runs_at_once_than_shims_are_kept(held: Held, root: Path) -> None:
    door = root / "s" / held.session_id / "work" / "door"
    os.mkfifo(door)
    bell = os.open(door, os.O_RDWR)  # a line for each; readers take one byte at a time
    script = "read line < door; exit %d"
    tasks = [Task(id=new_id(), script=script % (n % 7)) for n in range(AT_ONCE)]
    refs = held.start(*tasks, cap=AT_ONCE)
    while any(one.status is RunStatus.QUEUED for one in held.runner.wait(refs, LONG_S)):
        pass
    os.write(bell, b"\n" * AT_ONCE)
    assert [state.exit_code for state in held.wait(*refs)] == [n % 7 for n in range(AT_ONCE)]
    os.close(bell)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "outrig-test", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("file systems cannot be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill_but(disk: Path, pages: int) -> Path:
    """Leave so many pages free; returns the file that fills the disk."""
    file = disk / "fill"
    with file.open("wb", buffering=0) as stream, suppress(OSError):
        while stream.write(bytes(PAGE)):
            pass
    os.truncate(file, file.stat().st_size - pages * PAGE)
    return file


@pytest.mark.parametrize("pages", range(3, 8))
def test_a_first_keeper_on_a_full_disk(disk: Path, pages: int) -> None:
    """Whatever it has no room for, a run that was accepted comes to its end."""
    provider = LocalProvider(LocalSettings(root=str(disk / "node")))
    held = Held(provider)
    held.sync({})
    full = fill_but(disk, pages)
    refs: tuple[RunRef, ...] = ()
    with suppress(RemoteError):
        refs = held.start(Task(id=new_id(), script="exit 7"))
        held.runner.wait(refs, 0.5)
    full.unlink()
    for state in look_until_over(held, refs):
        assert state.exit_code == 7 or (state.exit_code, state.started_at) == (125, None), state
    held.end()
    provider.close()
