"""From the command line to a program's first output."""

from __future__ import annotations

from benchmarks.measure import Case
from benchmarks.place import BIN, ROOT, Place
from benchmarks.table import Comparison, Table


def session(place: Place, rounds: int) -> Table:
    """Return the table of sessions: examples/hello, warm."""
    outrig = str(BIN / "outrig")
    hello = place.root / "hello"
    place.do("cp", "-R", str(ROOT / "examples" / "hello"), str(hello))
    place.do("python3", "-m", "venv", "venv")
    place.do("venv/bin/python", "-m", "pip", "install", "-q", "-r", "hello/requirements.txt")
    place.do(outrig, "session", "start", "train", "--name", "kept", cwd=hello)
    defaults = ["--lr", "0.1", "--steps", "100", "--seed", "0", "--optimizer", "adam"]
    by_hand = Case(
        name="`python train.py` in a venv made by hand",
        argv=[str(place.root / "venv/bin/python"), "train.py", *defaults],
        cwd=hello,
        to_first_output=True,
    )

    def ours(text: str, *words: str, new: bool = False) -> Case:
        def clear() -> None:
            place.do("sh", "-c", f"{outrig} session stop bench --yes || true", cwd=hello)

        return Case(
            name=text,
            argv=[outrig, "session", *words],
            cwd=hello,
            variables=place.variables,
            prepare=clear if new else None,
            to_first_output=True,
        )

    return Table(
        title="First output",
        text="`examples/hello`, its environment made before; wall time ends with the first byte.",
        comparisons=[
            Comparison(
                ours=ours(
                    "`session start train`, new session",
                    "start",
                    "train",
                    "--name",
                    "bench",
                    new=True,
                ),
                against=by_hand,
            ),
            Comparison(
                ours=ours(
                    "`session start train`, same session", "start", "train", "--name", "kept"
                ),
                against=by_hand,
            ),
            Comparison(
                ours=ours("`session execute train`", "execute", "train", "--name", "kept"),
                against=by_hand,
            ),
        ],
        rounds=rounds,
    )
