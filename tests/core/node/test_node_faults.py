"""One SIGKILL at any moment, of any process of ours or of a command, loses nothing.

`OUTRIG_FAULT_ROUNDS` sets the number of rounds, `OUTRIG_FAULT_SEED` repeats one that failed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.ids import new_id
from outrig.model.resources import Resources
from outrig.model.run import RunStatus, Task
from outrig.testing.providers import Held
from outrig_local.provider import LocalProvider, LocalSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.model.run import RunRef, RunState

ROUNDS = int(os.environ.get("OUTRIG_FAULT_ROUNDS", "60"))
TASKS = 8
VICTIMS = ("keeper", "shim", "command", "serve")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "node"


@pytest.fixture
def provider(root: Path) -> Iterator[LocalProvider]:
    local = LocalProvider(LocalSettings(root=str(root)))
    yield local
    local.close()


@pytest.fixture
def chance() -> random.Random:
    """What decides; its seed is shown when the test fails."""
    seed = int(os.environ.get("OUTRIG_FAULT_SEED", "0")) or random.SystemRandom().randrange(1 << 32)
    sys.stdout.write(f"OUTRIG_FAULT_SEED={seed}\n")
    return random.Random(seed)


def read_pid(path: Path) -> int:
    """Return the pid that a file of the node root holds, 0 if it holds none."""
    try:
        text = path.read_text().strip()
    except OSError:
        return 0
    if text[:1].isdigit():
        return int(text.split()[0])
    try:
        return int(json.loads(text)["pid"])
    except (ValueError, KeyError):
        return 0


def pids(root: Path, victim: str, provider: LocalProvider, held: Held) -> list[int]:
    """Return the processes of one kind that may be killed now."""
    if victim == "serve":
        return [provider.client(held.head).hello.pid]
    if victim == "keeper":
        return [read_pid(root / "keeper.lock")]
    name = "lock" if victim == "shim" else "started"
    going = [run for run in (root / "r").glob("*") if not (run / "exit").exists()]
    return [read_pid(run / name) for run in going]


def kill_one(chance: random.Random, found: list[int]) -> int:
    """Kill one of the processes, if it still is one of ours."""
    alive = [pid for pid in found if pid and Path(f"/proc/{pid}").exists()]
    if not alive:
        return 0
    victim = chance.choice(alive)
    try:
        os.kill(victim, signal.SIGKILL)
    except ProcessLookupError:
        return 0
    return victim


def start_round(held: Held, number: int) -> tuple[RunRef, ...]:
    """Start a batch whose runs leave a mark and exit with codes of their own."""
    tasks = [
        Task(
            id=f"{number}-{index}-{new_id()}",
            script=f"echo $$ >> {number}-{index}; sleep 0.0{index}; exit {index}",
            resources=Resources(cpu=0.5),
        )
        for index in range(TASKS)
    ]
    return held.start(*tasks)


def check_round(held: Held, number: int, refs: tuple[RunRef, ...], victim: str) -> None:
    states = held.wait(*refs)
    killed = [state for state in states if state.exit_code == 137]
    assert len(killed) <= (victim == "command"), states
    for code, state in enumerate(states):
        if state not in killed:
            assert ended_as(state) == (code, bool(code)), f"wanted {code}: {state}"
    work = Path(held.provider.settings.root) / "s" / held.session_id / "work"  # type: ignore[attr-defined]
    marks = {path.name: path.read_text().splitlines() for path in work.glob(f"{number}-*")}
    for index, state in enumerate(states):
        lines = marks.get(f"{number}-{index}", [])
        assert len(lines) == 1 or (not lines and state in killed), f"started {len(lines)} times"


def ended_as(state: RunState) -> tuple[int | None, bool]:
    return state.exit_code, state.status is RunStatus.FAILED


def wait_for_no_keeper(root: Path) -> None:
    """Wait until the keeper has gone: nothing runs or waits, so every slot is free."""
    deadline = time.monotonic() + 30
    while (pid := read_pid(root / "keeper.lock")) and living(pid):
        assert time.monotonic() < deadline, "the keeper stays"
        time.sleep(0.01)


def living(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


def test_one_kill_in_each_round_loses_nothing(
    root: Path, provider: LocalProvider, chance: random.Random
) -> None:
    held = Held(provider)
    held.sync({})
    for number in range(ROUNDS):
        victim = chance.choice(VICTIMS)
        refs = start_round(held, number)
        time.sleep(chance.random() * 0.15)
        kill_one(chance, pids(root, victim, provider, held))
        check_round(held, number, refs, victim)
    assert held.sh("true")[0].exit_code == 0  # what a keeper killed last left, the next clears
    wait_for_no_keeper(root)
    assert not (root / "keeper.err").exists(), (root / "keeper.err").read_text()
    assert list((root / "inbox").iterdir()) == []
    assert list((root / "batch").iterdir()) == []
    held.end()


def test_four_kills_in_each_round_are_never_wrong(
    root: Path, provider: LocalProvider, chance: random.Random
) -> None:
    held = Held(provider)
    held.sync({})
    for number in range(max(1, ROUNDS // 6)):
        refs = start_round(held, number)
        for _ in range(4):
            time.sleep(chance.random() * 0.05)
            kill_one(chance, pids(root, chance.choice(VICTIMS), provider, held))
        states = held.wait(*refs)
        for code, state in enumerate(states):
            if state.status is not RunStatus.LOST and state.exit_code != 137:
                assert state.exit_code == code
        work = root / "s" / held.session_id / "work"
        assert all(len(path.read_text().splitlines()) <= 1 for path in work.glob(f"{number}-*"))
    wait_for_no_keeper(root)
    held.end()
