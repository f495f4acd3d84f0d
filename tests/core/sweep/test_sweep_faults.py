"""Any process may be killed at any moment: every case ends once, with its true exit code."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.testing.leaks import processes_below

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import ProjectMaker

ROUNDS = int(os.environ.get("OUTRIG_SWEEP_ROUNDS", "2"))
CASES = 200
LIMIT_S = 100.0
COUNT = """\
echo {{n}} >> "$HOME/starts"
sleep 0.0{{n}}
exit $(({{n}} % 7))
"""


@pytest.fixture
def counting(project: ProjectMaker) -> Path:
    """A project whose cases note each start, and end with a code that is known beforehand."""
    command = {"name": "count", "command": COUNT, "params": [{"name": "n", "type": "int"}]}
    return project({"outrig.yaml": {"name": "faults", "commands": [command]}})


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_random_kills_lose_no_case_and_run_none_twice(
    run: CommandLine, counting: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    client = run.start(
        *("session", "start", "count", "--n", f"range:{CASES}", "--max-parallel", "8"),
        *("--yes", "--quiet", "--name", "f"),
    )
    deadline = time.monotonic() + LIMIT_S
    while not (Path.home() / "starts").exists():
        assert time.monotonic() < deadline, "no case has started"
        time.sleep(0.02)
    rounds = 0
    while not over(tmp_path) and time.monotonic() < deadline:
        time.sleep(chance.uniform(0.3, 0.7))  # what one kill set in motion ends before the next
        if rounds < 8 and kill_one(chance, tmp_path, client.process.pid):
            rounds += 1
        if client.process.poll() is not None and chance.random() < 0.5:
            run("sweep", "list")
    client.process.kill()
    client.wait()
    while sweep_state(run) not in ("SUCCEEDED", "FAILED"):
        assert time.monotonic() < deadline + LIMIT_S, f"seed {seed}: {sweep_state(run)}"
        time.sleep(0.2)
    cases = json.loads(run("sweep", "show", "--output", "json").out)
    wrong = [one for one in cases if one["exit_code"] != int(one["n"]) % 7]
    assert not wrong, f"seed {seed}: {wrong}"
    starts = Counter((Path.home() / "starts").read_text().split())
    assert starts == Counter(str(number) for number in range(CASES)), f"seed {seed}"


def over(root: Path) -> bool:
    """Tell whether every case has ended, as far as is recorded."""
    database = root / "home/outrig/state/outrig.db"
    if not database.exists():
        return False
    with suppress(sqlite3.Error):
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        try:
            found = connection.execute(
                "SELECT count(*) FROM sweep_case WHERE status NOT IN ('QUEUED', 'RUNNING')"
            ).fetchone()
        finally:
            connection.close()
        return int(found[0]) == CASES
    return False


def kill_one(chance: random.Random, root: Path, client: int) -> bool:
    """Kill one process of Outrig's: a client, the supervisor, the keeper, a shim, a connection."""
    shims = {lock.read_text() for lock in root.glob("home/outrig/data/*/*/r/*/lock")}
    ours = [
        process.pid
        for process, command in processes_below(root).items()
        if "outrig" in command
        and "sleep" not in command
        and "$HOME" not in command
        and parent(process.pid) not in shims  # a command, in the moment before it is one
    ]
    if client in ours and chance.random() < 0.7:
        ours.remove(client)
    if not ours:
        return False
    with suppress(ProcessLookupError):
        os.kill(chance.choice(sorted(ours)), signal.SIGKILL)
    return True


def parent(pid: int) -> str:
    """Return the process number of a process's parent, empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1]
    except OSError:
        return ""


def sweep_state(run: CommandLine) -> str:
    """Return how the newest sweep stands; asking lets somebody go on with it."""
    listed = run("sweep", "list", "--output", "json")
    assert listed.exit_code == 0, listed.err
    return str(json.loads(listed.out)[0]["state"])
