"""The node root is removed under everything: processes end, and nothing polls."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from outrig.ids import new_id
from outrig.model.node import Lifetime
from outrig.model.run import RunStatus, Task
from outrig.testing.leaks import processes_below
from outrig.testing.providers import Held

if TYPE_CHECKING:
    from pathlib import Path

    from outrig_local.provider import LocalProvider


def state(pid: int) -> str:
    """Return a process's state letter, `Z` for one that is gone."""
    try:
        with open(f"/proc/{pid}/stat") as source:  # noqa: PTH123 - not a file
            return source.read().rpartition(") ")[2][0]
    except OSError:
        return "Z"


def keeper_pid(root: Path) -> int:
    """Return the keeper's process, as soon as it has said which it is."""
    while not (words := (root / "keeper.lock").read_text().split()):
        pass
    return int(words[0])


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 30
    while state(pid) != "Z":
        assert time.monotonic() < deadline, "the keeper stays"
        time.sleep(0.01)


def remove(root: Path) -> None:
    """Remove a directory that somebody may still be writing to."""
    deadline = time.monotonic() + 30
    while root.exists():
        assert time.monotonic() < deadline, list(root.rglob("*"))
        shutil.rmtree(root, ignore_errors=True)


def test_the_keeper_ends_and_what_ran_ends_with_all_it_started(
    provider: LocalProvider, root: Path, tmp_path: Path
) -> None:
    held = Held(provider)
    held.sync({})
    door = tmp_path / "door"
    script = f"sleep 600 & while [ ! -e {door} ]; do sleep 0.02; done"
    (ref,) = held.start(Task(id=new_id(), script=script))
    while held.runner.wait((ref,), 10)[0].status is not RunStatus.RUNNING:
        pass
    keeper = keeper_pid(root)
    provider.close()
    remove(root)
    wait_until_gone(keeper)
    assert processes_below(root)
    door.touch()
    deadline = time.monotonic() + 30
    while processes_below(root):
        assert time.monotonic() < deadline, processes_below(root)
        time.sleep(0.01)
    assert not root.exists()


def test_a_keeper_that_only_waits_for_an_age_ends_too(provider: LocalProvider, root: Path) -> None:
    held = Held(provider)
    held.sync({})
    provider.arm(held.session_id, held.nodes, Lifetime(max_age_s=3600))
    keeper = keeper_pid(root)
    provider.close()
    remove(root)
    wait_until_gone(keeper)
    assert not root.exists()


def test_a_root_that_is_made_anew_gets_a_keeper_of_its_own(
    provider: LocalProvider, root: Path
) -> None:
    held = Held(provider)
    held.sync({})
    provider.arm(held.session_id, held.nodes, Lifetime(max_age_s=3600))
    before = keeper_pid(root)
    provider.close()
    remove(root)
    again = Held(provider)
    again.sync({})
    assert again.sh("echo anew")[1] == b"anew\n"
    wait_until_gone(before)
    again.end()
