"""Measures programs side by side: runs are interleaved, and what counts is the median."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

_LAUNCHER = """
import os, sys, time
os.set_inheritable(int(sys.argv[1]), False)
start = time.perf_counter()
process = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(process, 0)
end = time.perf_counter()
cpu = usage.ru_utime + usage.ru_stime
code = os.waitstatus_to_exitcode(status)
os.write(int(sys.argv[1]), f"{start} {end} {cpu} {usage.ru_maxrss} {code}".encode())
"""
# A program's peak memory counts from that of the process it was spawned by, up to `exec`: so it is
# spawned by a process that is smaller than any of the programs, and whose clock is ours.


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One program. `prepare` runs before each measurement and is not measured."""

    name: str
    argv: Sequence[str]
    cwd: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] | None = None
    to_first_output: bool = False
    """Wall time ends with the first byte on standard output instead of with the program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One run: wall time and CPU time of the program and its children (s), peak memory (KiB)."""

    wall_s: float
    cpu_s: float
    peak_kib: float


def measure(cases: Sequence[Case], rounds: int) -> dict[str, Sample]:
    """Run every case once unmeasured, then `rounds` times in turn; return the medians."""
    samples: dict[str, list[Sample]] = {case.name: [] for case in cases}
    for number in range(-1, rounds):
        turn = number % len(cases)
        for case in (*cases[turn:], *cases[:turn]):
            sample = run(case)
            if number >= 0:
                samples[case.name].append(sample)
    return {name: _median(found) for name, found in samples.items()}


def run(case: Case) -> Sample:
    """Run a case once; raises `RuntimeError` when it fails."""
    if case.prepare is not None:
        case.prepare()
    with tempfile.TemporaryFile() as said:
        return _run(case, said)


def _run(case: Case, said: IO[bytes]) -> Sample:
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(writing), *case.argv],
        cwd=case.cwd,
        env={**os.environ, **case.variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=said,
        pass_fds=[writing],
    )
    os.close(writing)
    assert process.stdout is not None
    first = process.stdout.read(1)
    at_first = time.perf_counter()
    process.stdout.read()
    process.communicate()
    with os.fdopen(reading) as report:
        start, end, cpu, peak, code = report.read().split()
    if int(code) or (case.to_first_output and not first):
        raise RuntimeError(f"{case.name}: {' '.join(case.argv)} ended with {code}\n{_end_of(said)}")
    return Sample(
        wall_s=(at_first if case.to_first_output else float(end)) - float(start),
        cpu_s=float(cpu),
        peak_kib=float(peak),
    )


def _end_of(file: IO[bytes]) -> str:
    """Return the last of what a program said, up to 2,000 bytes."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - 2000))
    return file.read().decode(errors="replace")


def _median(samples: Sequence[Sample]) -> Sample:
    return Sample(
        wall_s=statistics.median(one.wall_s for one in samples),
        cpu_s=statistics.median(one.cpu_s for one in samples),
        peak_kib=statistics.median(one.peak_kib for one in samples),
    )
