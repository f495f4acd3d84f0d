"""`bai run`: a session made, code run in it, the session ended; and code in one that is there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks.measure import Case
from benchmarks.place import BIN
from benchmarks.table import Comparison, Table, render

if TYPE_CHECKING:
    from benchmarks.place import Place

TEXT = (
    "From the start of the command to its end, with all that is made once there already: a session "
    "of its own with a `/home/work` of its own that is ended again, and one that is there; against "
    "the code alone, and against Outrig's own way to run something in a session that is there."
)
_CODE = "print(1)"


def bai_run(place: Place, rounds: int) -> str:
    """Return the table as Markdown."""
    outrig, work = str(BIN / "outrig"), place.root / "bai-run"
    work.mkdir()
    (work / "outrig.yaml").write_text("name: beside\n")
    place.do(outrig, "bai", "start", "-t", "there", "python", cwd=work)
    place.do(outrig, "session", "start", "--name", "beside", cwd=work)

    def case(name: str, *argv: str) -> Case:
        return Case(name=name, argv=argv, cwd=work, variables=place.variables)

    anew = case(
        "`bai run --rm -c 'print(1)' python`",
        *(outrig, "bai", "run", "-q", "--rm", "-c", _CODE, "python"),
    )
    there = case(
        "`bai run -t NAME -c 'print(1)' python`",
        *(outrig, "bai", "run", "-q", "-t", "there", "-c", _CODE, "python"),
    )
    alone = case("`python -c 'print(1)'`", sys.executable, "-c", _CODE)
    other = case(
        "`session execute --shell`",
        *(outrig, "-q", "session", "execute", "--shell", f"{sys.executable} -c '{_CODE}'"),
    )
    comparisons = [
        Comparison(ours=anew, against=alone),
        Comparison(ours=anew, against=there),
        Comparison(ours=there, against=other),
    ]
    try:
        title = "Backend.AI: code in a session"
        return render(Table(title=title, text=TEXT, comparisons=comparisons, rounds=rounds))
    finally:
        place.do(outrig, "bai", "rm", "there", cwd=work)
        place.do(outrig, "session", "stop", "beside", cwd=work)
