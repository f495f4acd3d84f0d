"""What every command pays: starting the tool."""

from __future__ import annotations

import sys

from benchmarks.measure import Case
from benchmarks.place import BIN, ROOT, Place
from benchmarks.table import Comparison, Table


def startup(place: Place, rounds: int) -> Table:
    """Return the table of start-up times."""
    hello = ROOT / "examples" / "hello"
    outrig = str(BIN / "outrig")
    place.do(outrig, "session", "list", cwd=hello)
    python = Case(name="`python -c pass`", argv=[sys.executable, "-c", "pass"], cwd=hello)
    cleo = Case(
        name="importing cleo",
        argv=[sys.executable, "-c", "import cleo.application"],
        cwd=hello,
    )

    def ours(*words: str, name: str | None = None) -> Case:
        return Case(
            name=name or f"`outrig {' '.join(words)}`",
            argv=[outrig, *words],
            cwd=hello,
            variables=place.variables,
        )

    quick = [
        ours("--version"),
        ours("--help"),
        ours("session", "--help"),
        ours("__complete", "bash", "outrig", "sess", name="completing a command's name"),
    ]
    return Table(
        title="Start-up",
        text="Commands answered without the command framework, and one that reads records.",
        comparisons=[
            *(Comparison(ours=one, against=python, wall_bound=2.5, cpu_bound=2.5) for one in quick),
            Comparison(ours=ours("session", "list"), against=cleo, wall_bound=1.25, cpu_bound=1.25),
        ],
        rounds=rounds,
    )
