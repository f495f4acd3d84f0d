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
RUNS = """
import os
from outrig.api import Command
if "ACME_BREAKS" in os.environ:
    raise ImportError("acme is broken")
class Greet(Command):
    summary = "Greet"
    runs_commands = True
    def handle(self): return 7
"""
CLOSES = """
from outrig.api import Command
from outrig.errors import UsageError
class Engine:
    def close(self): print("hung up")
class Greet(Command):
    summary = "Greet"
    def handle(self):
        self.outrig = Engine()
        raise UsageError("cannot greet")
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


def install(plugins: PluginMaker, source: str) -> None:
    plugins(
        "acme-greet",
        entry_points={"outrig.commands": {"greet": "acme_greet:Greet"}},
        files={"acme_greet.py": source},
    )


def test_what_runs_things_and_cannot_be_imported_exits_125(
    run: CommandLine, plugins: PluginMaker
) -> None:
    install(plugins, RUNS)
    assert run("greet").exit_code == 7
    done = run("greet", env={"ACME_BREAKS": "1"})
    assert done.exit_code == 125
    assert "acme is broken" in done.err


def test_a_command_hangs_up_after_an_error_too(run: CommandLine, plugins: PluginMaker) -> None:
    install(plugins, CLOSES)
    done = run("greet")
    assert (done.exit_code, done.out) == (2, "hung up\n"), done.err
    assert "cannot greet" in done.err
