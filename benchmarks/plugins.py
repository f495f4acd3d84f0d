"""What plugins cost that are installed and not used: starting with 0, 20 and 100 of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.measure import Case
from benchmarks.place import BIN, ROOT, Place
from benchmarks.table import Comparison, Table
from outrig.testing.directories import write_distribution

if TYPE_CHECKING:
    from pathlib import Path

CODE = """\
from outrig.api import Command, Provider, hookimpl

class Greet(Command):
    summary = "Greet"
    def handle(self):
        self.line("greetings")

class Acme(Provider):
    def provision(self, request, context): return ()
    def list_nodes(self, query, context): return None
    def release(self, targets, how, context): return None

class Watch:
    @hookimpl
    def session_event(self, event): return None
"""
COUNTS = (20, 100)
BOUND = 1.1


def write_plugins(site: Path, count: int) -> None:
    """Install distributions, each with a command, a provider and an extension."""
    for number in range(count):
        module = f"acme_{number}"
        write_distribution(
            site,
            f"acme-{number}",
            entry_points={
                "outrig.commands": {f"acme-{number}": f"{module}:Greet"},
                "outrig.providers": {f"acme-{number}": f"{module}:Acme"},
                "outrig.extensions": {f"acme-{number}": f"{module}:Watch"},
            },
            files={f"{module}.py": CODE},
        )


def plugins(place: Place, rounds: int) -> Table:
    """Return the table of start-up times beside those without any plugin."""
    hello = ROOT / "examples" / "hello"
    outrig = str(BIN / "outrig")

    def case(count: int, *words: str) -> Case:
        name = f"`outrig {' '.join(words)}`, {count or 'no'} plugins"
        home = {"OUTRIG_HOME": str(place.root / f"home-{count}")}
        site = {"PYTHONPATH": str(place.root / f"site-{count}")}
        return Case(
            name=name,
            argv=[outrig, *words],
            cwd=hello,
            variables={**place.variables, **home, **site},
        )

    for count in (0, *COUNTS):
        (place.root / f"site-{count}").mkdir()
        write_plugins(place.root / f"site-{count}", count)
    ways = (("--version",), ("--help",), ("session", "list"))
    return Table(
        title="Plugins: starting with many installed",
        text="Each has a command, a provider and an extension; none is used.",
        comparisons=[
            Comparison(ours=case(count, *words), against=case(0, *words), cpu_bound=BOUND)
            for words in ways
            for count in COUNTS
        ],
        rounds=rounds,
    )
