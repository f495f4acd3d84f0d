"""However many plugins are installed, starting imports the same modules."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import PluginMaker

PROGRAM = """
import sys
sys.argv = ["outrig", *sys.argv[1:]]
from outrig.__main__ import main
main()
import json
print(json.dumps(sorted(sys.modules)))
"""
COMMAND = """
from outrig.api import Command
class Greet(Command):
    summary = "Greet"
    def handle(self): self.line("greetings")
"""


def modules(run: CommandLine, words: tuple[str, ...]) -> set[str]:
    """Return what a start has imported, when nothing had to be looked for."""
    run(*words).checked()
    done = run.program(sys.executable, "-P", "-c", PROGRAM, *words).checked()
    return set(json.loads(done.out.splitlines()[-1]))


@pytest.mark.parametrize("words", [("--help",), ("session", "list"), ("gc", "--help")])
def test_a_hundred_plugins_import_nothing_more(
    words: tuple[str, ...], run: CommandLine, plugins: PluginMaker
) -> None:
    before = modules(run, words)
    for number in range(100):
        name = f"acme-{number}"
        groups = {
            f"outrig.{kind}": {name: f"acme_{number}:Thing"}
            for kind in ("providers", "stores", "expanders", "extensions")
        }
        plugins(name, entry_points=groups, files={f"acme_{number}.py": "raise SystemExit(1)"})
    for number in range(3):  # each is looked at by a process of its own, once
        plugins(
            f"greet-{number}",
            entry_points={"outrig.commands": {f"greet-{number}": f"greet_{number}:Greet"}},
            files={f"greet_{number}.py": COMMAND},
        )
    assert modules(run, words) == before
