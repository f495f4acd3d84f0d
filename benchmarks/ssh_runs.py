"""Runs over SSH, and how soon a project's first output comes."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.machines import SESSION
from benchmarks.measure import Case
from benchmarks.place import BIN
from benchmarks.table import Comparison, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.machines import Project

BATCH = Path(__file__).with_name("batch.py")
MANY = 100
START = f"{BIN / 'outrig'} session list > /dev/null; "


def runs_over_ssh(project: Project, rounds: int) -> Iterator[Table]:
    """Yield the tables of runs in a session on one host."""
    project.begin()
    project.do(*project.words)
    yield _many(project, rounds)
    yield _one(project, rounds)
    yield _first_output(project, rounds)


def _many(project: Project, rounds: int) -> Table:
    parallel = f"seq {MANY} | parallel -j1 --joblog log -N0 /bin/true"
    each = f"for n in $(seq {MANY}); do $SSH h0-gcm true; done"
    ours = Case(
        name=f"{MANY} runs: `Outrig.execute`",
        argv=[sys.executable, str(BATCH), "run", str(MANY), "1"],
        cwd=project.tree,
        variables=project.variables,
    )
    return Table(
        title=f"SSH: {MANY} runs",
        text="`/bin/true` in one session, one after the other, as one batch; beside GNU parallel "
        "on the host, with a job log and one start of the command line, and beside `ssh` so many "
        "times. Processor time is that of this end.",
        comparisons=[
            Comparison(
                ours=ours,
                against=project.shell(
                    "`parallel --joblog` there, and one start", f'{START}$SSH h0-gcm "{parallel}"'
                ),
                wall_bound=1.0,
            ),
            Comparison(
                ours=ours,
                against=project.shell(f"{MANY} `ssh true` and one start", START + each),
            ),
        ],
        rounds=rounds,
    )


def _one(project: Project, rounds: int) -> Table:
    words = ("session", "execute", "--name", SESSION, "--shell", "true")
    return Table(
        title="SSH: one run",
        text="`ssh` over a connection that is kept does less: it keeps no log and no exit code.",
        comparisons=[
            Comparison(
                ours=project.outrig("`session execute true`", *words),
                against=project.shell("`ssh true` and one start", f"{START}$SSH h0-gcm true"),
            )
        ],
        rounds=rounds * 2,
    )


def _first_output(project: Project, rounds: int) -> Table:
    start = ("session", "start", "--name", SESSION)
    words = (*start, "--provider", "ssh", "--hosts", "h0-gcm", "--shell", "echo x")
    rsync = 'rsync -a --delete -e "$SSH" ./ h0-gcm:got/'
    by_hand = project.shell(
        "`rsync` and `ssh`", f"{rsync} && $SSH h0-gcm 'cd got && echo x'", project.change
    )

    def stopped() -> None:
        project.change()
        project.stop()

    known = project.outrig("`session start`, same session", *words, prepare=project.change)
    new = project.outrig("`session start`, new session", *words, prepare=stopped)
    return Table(
        title="SSH: from the command to the first byte",
        text=f"`echo x` after the sync of {len(project.files())} files of which ten changed; wall "
        "time ends with the first byte.",
        comparisons=[
            Comparison(ours=_to_first(one), against=_to_first(by_hand)) for one in (known, new)
        ],
        rounds=rounds * 2,
    )


def _to_first(case: Case) -> Case:
    return replace(case, to_first_output=True)
