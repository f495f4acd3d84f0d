"""Many short runs in one session, and what the node needs meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from benchmarks.measure import Case
from benchmarks.place import BIN
from benchmarks.table import Comparison, Table, render

if TYPE_CHECKING:
    from benchmarks.place import Place

BATCH = Path(__file__).with_name("batch.py")
AT_ONCE = 8
MANY = 10000
IDLE_S = 20
TEXT = (
    "`/bin/true` so many times in one session, as one batch with a cap, beside GNU parallel with a "
    "job log and one start of the command line (`session list`). Ours is a whole program too: it "
    "starts, connects and records. Processor time counts the client, the node program, the keeper "
    "and the runs."
)


def runs(place: Place, rounds: int) -> list[str]:
    """Return the tables of runs as Markdown; none where GNU parallel is not installed."""
    if shutil.which("parallel") is None:
        return ["## Many runs\n\nNot measured: GNU parallel is not installed.\n"]
    project = place.root / "batch"
    project.mkdir()
    (project / "outrig.yaml").write_text("name: batch\n")
    place.do(str(BIN / "outrig"), "session", "start", "--name", "bench", cwd=project)
    counts = [_batch(place, count, cap) for count, cap in ((100, 1), (2000, 8), (MANY, 8))]
    batches = Table(title="Many runs", text=TEXT, comparisons=counts, rounds=rounds)
    first = Table(
        title="From `run` to the first byte",
        text="`echo x` in a session that is there; wall time ends with the first byte.",
        comparisons=[_first_byte(place)],
        rounds=max(5, rounds),
    )
    return [render(batches), render(first), _meanwhile(place)]


def _batch(place: Place, count: int, cap: int) -> Comparison:
    """Return so many runs, so many at a time, by both."""
    how = f"{count:,}, " + ("one after the other" if cap == 1 else f"{cap} at a time")
    project = place.root / "batch"
    log = str(place.root / "joblog")
    start = f"{BIN / 'outrig'} session list > /dev/null"
    shell = f"{start}; seq {count} | parallel -j{cap} --joblog {log} -N0 /bin/true"
    return Comparison(
        ours=Case(
            name=f"{how}: `Outrig.execute`",
            argv=[sys.executable, str(BATCH), "run", str(count), str(cap)],
            cwd=project,
            variables=place.variables,
        ),
        against=Case(
            name=f"{how}: `parallel --joblog` and one start",
            argv=["sh", "-c", shell],
            cwd=project,
            variables=_parallel_home(place),
        ),
        wall_bound=1.0,
    )


def _first_byte(place: Place) -> Comparison:
    project = place.root / "batch"
    log = str(place.root / "joblog")
    return Comparison(
        ours=Case(
            name='`session execute --shell "echo x"`',
            argv=[str(BIN / "outrig"), "session", "execute", "--shell", "echo x"],
            cwd=project,
            variables=place.variables,
            to_first_output=True,
        ),
        against=Case(
            name="`parallel --joblog` of one",
            argv=["sh", "-c", f"echo x | parallel --joblog {log} echo"],
            cwd=project,
            variables=_parallel_home(place),
            to_first_output=True,
        ),
    )


def _meanwhile(place: Place) -> str:
    """Look at the processes while most of a large batch waits, and at a keeper at rest."""
    ours = _inside(place, "wait", MANY)
    theirs_kib = _parallel_memory_kib(place)
    cpu_s = _inside(place, "idle", IDLE_S)["cpu_s"]
    return (
        f"## While {MANY:,} wait\n\n"
        f"{AT_ONCE} of {MANY:,} run, the others wait: {ours['processes']:.0f} processes (the "
        f"keeper, and one for each of the {AT_ONCE}), whose memory together is "
        f"{ours['memory_kib'] / theirs_kib:.2f} of that of GNU parallel with the same work before "
        f"it. A keeper that looks after one run used {cpu_s / IDLE_S:.2%} of a core in "
        f"{IDLE_S} s.\n"
    )


def _inside(place: Place, what: str, number: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, str(BATCH), what, str(number)],
        cwd=place.root / "batch",
        env={**os.environ, **place.variables},
        stdout=subprocess.PIPE,
        check=True,
    )
    return cast("dict[str, float]", json.loads(done.stdout))


def _parallel_memory_kib(place: Place) -> int:
    """Return GNU parallel's memory while eight jobs run and all others wait."""
    door = place.root / "door"
    locked = f"while [ ! -e {door} ]; do sleep 0.2; done"
    command = ["parallel", f"-j{AT_ONCE}", "--joblog", "log", "-N0", locked, ":::"]
    process = subprocess.Popen(
        [*command, *(str(one) for one in range(MANY))],
        cwd=place.root,
        env={**os.environ, **_parallel_home(place)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while len(children.read_text().split()) < AT_ONCE:
        time.sleep(0.05)
    words = Path(f"/proc/{process.pid}/smaps_rollup").read_text().partition("\nPss:")[2]
    for _ in range(2):  # the second one ends it at once
        process.terminate()
        time.sleep(0.1)
    door.touch()
    process.wait()
    return int(words.split()[0])


def _parallel_home(place: Place) -> dict[str, str]:
    """Keep GNU parallel's files here; its note on citations goes to stderr, which is dropped."""
    home = place.root / "parallel"
    home.mkdir(exist_ok=True)
    (home / "will-cite").touch()
    return {**place.variables, "PARALLEL_HOME": str(home)}
