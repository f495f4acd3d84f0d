"""Backend.AI's own client beside ours: help, and a list of sessions."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.backendai_app import bai_app
from benchmarks.backendai_responder import SESSIONS
from benchmarks.backendai_run import bai_run
from benchmarks.measure import Case
from benchmarks.place import BIN, ROOT, Place
from benchmarks.table import Comparison, Table, render

if TYPE_CHECKING:
    from collections.abc import Iterator
BOUND = 0.2
PROGRAM = "BACKENDAI_CLIENT"
TITLE = "Backend.AI: starting the client"
TEXT = (
    f"The client of 24.09 in an environment of its own, with the Python 3.12 that it asks for. "
    f"{SESSIONS} sessions are listed. Its `ps` asks a program on the loopback that answers at once "
    f"what a server would, so that neither a network nor a server's work is measured; ours reads "
    f"its records, and asks this computer's node whether sessions that run still do. "
    f"`--dead` lists {SESSIONS} that are over, in a directory where none runs."
)


def backendai(place: Place, rounds: int) -> Iterator[str]:
    """Yield the tables as Markdown; says so where the other client is not there."""
    client = os.environ.get(PROGRAM, "")
    if client:
        yield _beside(place, client, rounds)
    else:
        yield (
            f"## {TITLE}\n\nNot measured: it needs Backend.AI's client. Install "
            f"`backend.ai-client>=24.9,<24.10` into an environment of Python 3.12, and set "
            f"`{PROGRAM}` to its `backend.ai`.\n"
        )
    yield bai_run(place, max(2, rounds // 2))
    yield bai_app(place, max(2, rounds // 2))


def _beside(place: Place, client: str, rounds: int) -> str:
    outrig = str(BIN / "outrig")
    names = [f"session-{number}" for number in range(SESSIONS)]
    over = Place(root=place.root / "over")
    over.root.mkdir()
    start = ("start", "-r", "cpu=0.1", "-r", "mem=64m", "python", "-t")
    for name in names:
        place.do(outrig, "bai", *start, name)
        over.do(outrig, "bai", *start, name)
    over.do(outrig, "bai", "rm", *names)
    try:
        with _responder() as variables:
            comparisons = [
                Comparison(
                    ours=_case(where, "outrig bai", [outrig, "bai"], words, {}),
                    against=_case(place, "backend.ai", [client], words[:1], variables),
                    wall_bound=BOUND,
                    cpu_bound=BOUND,
                )
                for where, words in (
                    (place, ["--help"]),
                    (place, ["ps"]),
                    (over, ["ps", "--dead"]),
                )
            ]
            table = Table(title=TITLE, text=TEXT, comparisons=comparisons, rounds=rounds)
            return render(table)
    finally:
        place.do(outrig, "bai", "rm", *names)


def _case(
    place: Place, name: str, argv: list[str], words: list[str], variables: dict[str, str]
) -> Case:
    return Case(
        name=f"`{' '.join([name, *words])}`",
        argv=[*argv, *words],
        cwd=place.root,
        variables={**place.variables, **variables},
    )


@contextmanager
def _responder() -> Iterator[dict[str, str]]:
    """Start the program that answers; yields what tells the client of it."""
    argv = [sys.executable, str(Path(ROOT, "benchmarks", "backendai_responder.py"))]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        yield {
            "BACKEND_ENDPOINT": f"http://127.0.0.1:{port}",
            "BACKEND_ENDPOINT_TYPE": "api",
            "BACKEND_ACCESS_KEY": "AKIAEXAMPLEEXAMPLE00",
            "BACKEND_SECRET_KEY": "x" * 40,
        }
    finally:
        process.terminate()
        process.communicate()
