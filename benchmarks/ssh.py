"""Syncs over SSH, beside rsync, tar, scp and SFTP over connections that are kept."""

from __future__ import annotations

import shutil
import sys
from itertools import chain
from typing import TYPE_CHECKING

from benchmarks.machines import SFTP, booted
from benchmarks.place import BIN
from benchmarks.ssh_runs import runs_over_ssh
from benchmarks.table import Comparison, Table, render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.machines import Bench, Project
    from benchmarks.place import Place

HOSTS = 8
FEW = 40
BIG_MIB = 64
DELAYS_S = (0.0, 0.05)
"""Round trips."""
RSH = '-e "$SSH"'
TEXT = (
    "Each host is an sshd in a network of its own on the same machine, reached through a relay, so "
    "that both ends share its cores; the relay also makes the delay. rsync, tar and scp go over "
    "connections that are kept open (ControlMaster), with aes128-gcm where nothing else is said, "
    "and so do we. Ours is `session sync`, a whole program that scans the project and sends what "
    "the host lacks; its snapshot was made before, as by an earlier session. At the first sync "
    "nothing is known here of any file: a snapshot is made and stored as well."
)


def ssh(place: Place, rounds: int, files: int) -> Iterator[str]:
    """Yield the tables as Markdown; none where there is no sshd or no rsync."""
    from outrig.testing.machines import can_isolate, find_sshd

    if find_sshd() is None or shutil.which("rsync") is None or not can_isolate():
        yield "## SSH\n\nNot measured: it needs sshd, rsync and namespaces.\n"
        return
    with booted(place, HOSTS) as bench:
        small, first = bench.packages("small", files), bench.packages("first", files)
        few = bench.packages("few", FEW)
        big = bench.big(BIG_MIB)
        for delay_s in DELAYS_S:
            bench.set_delay(delay_s)
            how = f" (delay of {delay_s * 1000:.0f} ms)" if delay_s else ""
            turns = max(1, rounds // 2) if delay_s else rounds
            tables = chain(
                _cold(small, first, turns),
                _cold_others(few, big, turns),
                _later(small, big, turns),
                runs_over_ssh(few, turns),
                _many_hosts(small, turns),
            )
            for table in tables:  # each when it is its turn: it prepares what is measured
                yield render(_with(table, how))
            for one in (small, first, few, big):
                one.stop()


def _with(table: Table, how: str) -> Table:
    return Table(
        title=table.title + how,
        text=table.text,
        comparisons=table.comparisons,
        rounds=table.rounds,
    )


def _cold(small: Project, first: Project, rounds: int) -> Iterator[Table]:
    yield Table(
        title="SSH: one host, cold",
        text=TEXT,
        comparisons=[
            *_beside(small, ("rsync", "rsync-gcm", "tar"), bound=1.0),
            *_beside(first, ("rsync-gcm",), first=True),
        ],
        rounds=rounds,
    )


def _cold_others(few: Project, big: Project, rounds: int) -> Iterator[Table]:
    yield Table(
        title=f"SSH: {FEW} small files, cold",
        text="So few, as the others wait for an answer several times for each file.",
        comparisons=_beside(few, ("scp", "sftp", "rsync-gcm")),
        rounds=rounds,
    )
    yield Table(
        title="SSH: big files, cold",
        text=f"One of {BIG_MIB} MiB of words, and one as large that nothing compresses.",
        comparisons=_beside(big, ("rsync", "rsync-gcm", "tar", "scp", "sftp")),
        rounds=rounds,
    )


def _beside(
    project: Project, others: tuple[str, ...], bound: float | None = None, *, first: bool = False
) -> list[Comparison]:
    """Return our sync of a project to a host that has nothing, beside others."""
    prepare = project.begin_anew if first else project.begin
    name = "first `session sync`" if first else "`session sync`"
    ours = project.outrig(name, *project.words, prepare=prepare)
    programs = _programs(project.bench)
    return [
        Comparison(
            ours=ours,
            against=project.shell(*programs[other], prepare=project.bench.clear),
            wall_bound=bound if other.startswith("rsync") else None,
        )
        for other in others
    ]


def _programs(bench: Bench) -> dict[str, tuple[str, str]]:
    """Return what a user would otherwise run: its name, and the script."""
    return {
        "rsync": ("`rsync`, default cipher", f"rsync -a {RSH} ./ h0:got/"),
        "rsync-gcm": ("`rsync`", f"rsync -a {RSH} ./ h0-gcm:got/"),
        "tar": ("`tar \\| ssh`", "tar cf - . | $SSH h0-gcm 'tar xf - -C got'"),
        "scp": ("`scp -r`", f"scp -q -r -F {bench.config} . h0-gcm:got"),
        "sftp": ("SFTP with paramiko", f"{sys.executable} {SFTP} {bench.config} h0-gcm got"),
    }


def _later(small: Project, big: Project, rounds: int) -> Iterator[Table]:
    """Yield what a project costs that is there already."""
    rsync = f"rsync -a --delete {RSH} ./ h0-gcm:got/"
    start = f"{BIN / 'outrig'} --version > /dev/null; "
    small.do(*small.words)
    yield Table(
        title="SSH: one host, nothing changed",
        text="One start is `outrig --version`. Ours asks nobody when the session has this "
        "snapshot; with `--clean` it lets the host look at every file.",
        comparisons=[
            Comparison(
                ours=small.outrig("`session sync`", *small.words),
                against=small.shell("`rsync` and one start", start + rsync),
                wall_bound=1.3,
            ),
            Comparison(
                ours=small.outrig("`session sync --clean`", *small.words, "--clean"),
                against=small.shell("`rsync` and one start", start + rsync),
            ),
        ],
        rounds=rounds * 2,
    )
    yield Table(
        title="SSH: one host, 10 files changed",
        text="In place, before each.",
        comparisons=[
            Comparison(
                ours=small.outrig("`session sync`", *small.words, prepare=small.change),
                against=small.shell("`rsync`", rsync, prepare=small.change),
            )
        ],
        rounds=rounds * 2,
    )
    big.begin()
    big.do(*big.words)
    yield Table(
        title="SSH: one host, 1 MiB appended",
        text=f"To a file of {BIG_MIB} MiB.",
        comparisons=[
            Comparison(
                ours=big.outrig("`session sync`", *big.words, prepare=big.append),
                against=big.shell("`rsync`", rsync, prepare=big.append),
            )
        ],
        rounds=rounds * 2,
    )


def _many_hosts(small: Project, rounds: int) -> Iterator[Table]:
    each = [f"rsync -a {RSH} ./ {one.name}-gcm:got/" for one in small.bench.machines]
    packed = [one.replace("rsync -a", "rsync -az") for one in each]
    ours = small.outrig("`session sync`", *small.words, prepare=lambda: small.begin(HOSTS))
    yield Table(
        title=f"SSH: {HOSTS} hosts, cold",
        text="The same to all hosts at once.",
        comparisons=[
            Comparison(
                ours=ours,
                against=small.shell(name, f"{' & '.join(script)} & wait", small.bench.clear),
                wall_bound=bound,
            )
            for name, script, bound in (
                (f"{HOSTS} `rsync` at once", each, 0.8),
                (f"{HOSTS} `rsync -z` at once", packed, 0.6),
            )
        ],
        rounds=rounds,
    )
