"""Runs many things in one session and says how that went: what `benchmarks/runs.py` measures.

`batch.py run COUNT AT_ONCE`, `batch.py wait COUNT`, `batch.py idle SECONDS`: in the project around
the working directory, in its session `bench`. What is measured inside is printed as JSON.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.engine import Outrig
from outrig.model.run import RunStatus
from outrig.node.base import NodeBase
from outrig.session.requests import NewRun

if TYPE_CHECKING:
    from outrig.model.run import Run
    from outrig.model.session import Session

PR_SET_CHILD_SUBREAPER = 36
LOCKED = "while [ ! -e door ]; do sleep 0.2; done"


def main() -> int:
    """Do what the first word says."""
    what, *numbers = sys.argv[1:]
    outrig = Outrig()
    session = outrig.find_one(outrig.here(), "bench")
    if what == "run":
        count, at_once = (int(one) for one in numbers)
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        _end(outrig, session, _start(outrig, session, "/bin/true", count, at_once))
        _reap(outrig, session)
    elif what == "wait":
        print(json.dumps(_waiting(outrig, session, int(numbers[0]))))
    else:
        print(json.dumps(_idle(outrig, session, float(numbers[0]))))
    return 0


def _start(outrig: Outrig, session: Session, script: str, count: int, cap: int) -> list[Run]:
    return outrig.execute(session, [NewRun(script=script)] * count, cap=cap)


def _end(outrig: Outrig, session: Session, runs: list[Run]) -> None:
    """Wait for every run; raises `RuntimeError` when one did not succeed."""
    codes = {run.state.exit_code for run in outrig.wait(session, runs)}
    if codes != {0}:
        raise RuntimeError(f"runs ended with {codes}")


def _reap(outrig: Outrig, session: Session) -> None:
    """Wait for the keeper, so that its processor time and its runs' count as this program's."""
    provider = outrig.runtime.provider(session)
    if isinstance(provider, NodeBase):
        provider.close()
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _waiting(outrig: Outrig, session: Session, count: int) -> dict[str, float]:
    """Let all runs but eight wait, and look at the node's processes meanwhile."""
    runs = _start(outrig, session, LOCKED, count, 8)
    _wait_until_running(outrig, session, runs[:8])
    found = _node_processes()
    memory_kib = sum(_memory_kib(pid) for pid in found)
    outrig.execute(session, [NewRun(script="touch door")])
    _end(outrig, session, runs)
    return {"processes": len(found), "memory_kib": memory_kib}


def _wait_until_running(outrig: Outrig, session: Session, runs: list[Run]) -> None:
    """Wait until all run at once; raises `RuntimeError` when one ends before that."""
    wanted = {run.id for run in runs}
    going = 0
    while going < len(wanted):
        fresh = [run for run in outrig.refresh(session) if run.id in wanted]
        if any(run.state.status.ended for run in fresh):
            raise RuntimeError("a run that should wait has ended")
        going = sum(run.state.status is RunStatus.RUNNING for run in fresh)
        time.sleep(0.2)


def _idle(outrig: Outrig, session: Session, seconds: float) -> dict[str, float]:
    """Measure the processor time of a keeper that has one run to look after, and nothing to do."""
    (run,) = outrig.execute(session, [NewRun(script="sleep 600")])
    _wait_until_running(outrig, session, [run])
    keeper = _keeper()
    time.sleep(1.0)  # it comes to rest
    before = _cpu_s(keeper)
    time.sleep(seconds)
    used = _cpu_s(keeper) - before
    outrig.cancel_runs(session, [run], 0)
    return {"cpu_s": used}


def _node_processes() -> list[int]:
    """Return the keeper, and the shims below it; the runs' own programs do not count."""
    keeper = _keeper()
    return [keeper, *(pid for pid in _children(keeper) if _name(pid).startswith("outrig"))]


def _keeper() -> int:
    """Return the process that keeps the node root, which its lock names."""
    (lock,) = Path(os.environ["OUTRIG_HOME"]).rglob("keeper.lock")
    return int(lock.read_text().split()[0])


def _name(pid: int) -> str:
    return _read(pid, "comm").strip()


def _children(parent: int) -> list[int]:
    found = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
    return [pid for pid in found if _fields(pid)[1:2] == [str(parent)]]


def _fields(pid: int) -> list[str]:
    return _read(pid, "stat").rpartition(") ")[2].split()


def _cpu_s(pid: int) -> float:
    fields = _fields(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_kib(pid: int) -> int:
    """Return a process's own share of memory: what forks have in common is divided by them."""
    words = _read(pid, "smaps_rollup").partition("\nPss:")[2].split(None, 1)
    return int(words[0]) if words else 0


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text("utf-8", "replace")
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
