"""Sweeps of very short cases, beside GNU parallel with a job log and Hydra's joblib launcher."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.measure import Case
from benchmarks.place import BIN
from benchmarks.table import Comparison, Table, render

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.place import Place

HYDRA = "OUTRIG_BENCH_HYDRA"
"""A Python that has hydra-core and hydra-joblib-launcher; without it Hydra is not measured."""
MANY = 10000
SOME = 1000
FEW = 200
AT_ONCE = 8
PROJECT = """\
name: sweeps
commands:
  - name: nop
    command: 'sleep 0.001 # {{n}}'
    params: [{name: n, type: int}]
  - name: python
    command: 'python3 app.py {{n}}'
    params: [{name: n, type: int}]
  - name: say
    command: 'echo {{n}}'
    params: [{name: n, type: int}]
"""
APP = "import sys, time\ntime.sleep(0.001)\n"
HYDRA_APP = """\
import time

import hydra


@hydra.main(version_base=None)
def main(config):
    time.sleep(0.001)


main()
"""
TEXT = (
    "Cases of one millisecond as runs of one session, each in a directory of its own, "
    f"`--max-parallel {AT_ONCE}`, from the command line to the last exit code; beside GNU parallel "
    "with a job log and `--resume`. Processor time is that of the command and what it waits for."
)
HYDRA_TEXT = (
    "The same beside Hydra's joblib launcher with as many jobs: Hydra calls a function in "
    "processes that are there, Outrig starts a Python for each case."
)


def sweeps(place: Place, rounds: int) -> list[str]:
    """Return the tables of sweeps as Markdown; GNU parallel and Hydra where they are installed."""
    project = place.root / "sweeps"
    project.mkdir()
    (project / "outrig.yaml").write_text(PROJECT)
    (project / "app.py").write_text(APP)
    place.do(str(BIN / "outrig"), "session", "start", "--name", "bench", cwd=project)
    tables = []
    if shutil.which("parallel") is None:
        tables.append("## Sweeps\n\nNot measured: GNU parallel is not installed.\n")
    else:
        tables += _beside_parallel(place, project, rounds)
    if HYDRA in os.environ:
        table = Table(
            title="Sweeps beside Hydra",
            text=HYDRA_TEXT,
            comparisons=[_beside_hydra(place, project)],
            rounds=rounds,
        )
        tables.append(render(table))
    tables.append(_results(place, project))
    return tables


def _beside_parallel(place: Place, project: Path, rounds: int) -> list[str]:
    whole = Table(
        title="Sweeps",
        text=TEXT,
        comparisons=[_count(place, project, count) for count in (SOME, MANY)],
        rounds=rounds,
    )
    first = Table(
        title="Sweeps: from the command to the first byte",
        text=f"`echo` in {SOME} cases; wall time ends with the first byte.",
        comparisons=[_first(place, project)],
        rounds=max(3, rounds),
    )
    return [render(whole), render(first)]


def _start(command: str, count: int, *more: str) -> list[str]:
    words = [str(BIN / "outrig"), "session", "start", command, "--n", f"range:{count}", "--again"]
    return [*words, "--yes", "--name", "bench", "--max-parallel", str(AT_ONCE), *more]


def _parallel(place: Place, command: str, count: int) -> list[str]:
    log = place.root / "sweep-joblog"
    words = f"parallel -j{AT_ONCE} --joblog {log} --resume"
    return ["sh", "-c", f"rm -f {log}; seq {count} | {words} -N1 '{command}'"]


def _count(place: Place, project: Path, count: int) -> Comparison:
    return Comparison(
        ours=Case(
            name=f"{count:,} cases: `session start`",
            argv=_start("nop", count, "--quiet"),
            cwd=project,
            variables=place.variables,
        ),
        against=Case(
            name=f"{count:,} cases: `parallel --joblog --resume`",
            argv=_parallel(place, "sleep 0.001 # {}", count),
            cwd=project,
            variables=_home(place),
        ),
        wall_bound=2.0,
    )


def _first(place: Place, project: Path) -> Comparison:
    return Comparison(
        ours=Case(
            name="`session start say`",
            argv=_start("say", SOME),
            cwd=project,
            variables=place.variables,
            to_first_output=True,
        ),
        against=Case(
            name="`parallel --joblog echo`",
            argv=_parallel(place, "echo {}", SOME),
            cwd=project,
            variables=_home(place),
            to_first_output=True,
        ),
    )


def _beside_hydra(place: Place, project: Path) -> Comparison:
    (project / "hydra_app.py").write_text(HYDRA_APP)
    launcher = ["hydra/launcher=joblib", f"hydra.launcher.n_jobs={AT_ONCE}"]
    return Comparison(
        ours=Case(
            name=f"{FEW} cases of Python: `session start`",
            argv=_start("python", FEW, "--quiet"),
            cwd=project,
            variables=place.variables,
        ),
        against=Case(
            name=f"{FEW} cases: Hydra, joblib launcher",
            argv=[
                *(os.environ[HYDRA], "hydra_app.py", "--multirun", f"+n=range(0,{FEW})"),
                *(*launcher, f"hydra.sweep.dir={place.root / 'multirun'}"),
            ],
            cwd=project,
        ),
    )


def _results(place: Place, project: Path) -> str:
    """Look at what a large sweep costs whoever looks at it."""
    outrig = str(BIN / "outrig")
    subprocess.run(
        _start("nop", MANY, "--detach"),
        cwd=project,
        env={**os.environ, **place.variables},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    cleo = Case(
        name="importing cleo", argv=[sys.executable, "-c", "import cleo.application"], cwd=project
    )
    words = {
        "preview": _start("nop", MANY, "--preview"),
        "list": [outrig, "sweep", "list"],
        "cancel": [outrig, "sweep", "cancel"],
        "results": [outrig, "sweep", "results", "--output", "csv"],
    }
    cases = [
        Comparison(
            ours=Case(name=name, argv=argv, cwd=project, variables=place.variables),
            against=cleo,
        )
        for name, argv in words.items()
    ]
    return render(
        Table(
            title=f"Sweeps of {MANY:,} cases, looked at",
            text="Each is to stay below one second of processor time.",
            comparisons=cases,
            rounds=3,
        )
    )


def _home(place: Place) -> dict[str, str]:
    home = place.root / "parallel-home"
    (home / ".parallel").mkdir(parents=True, exist_ok=True)
    (home / ".parallel" / "will-cite").touch()
    return {"HOME": str(home)}
