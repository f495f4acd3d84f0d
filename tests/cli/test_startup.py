"""What is answered without the command framework must not import it, nor anything else slow."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine

HEAVY = (
    "argparse",
    "asyncio",
    "cleo",
    "collections.abc",
    "dataclasses",
    "difflib",
    "enum",
    "importlib.metadata",
    "inspect",
    "json",
    "logging",
    "msgspec",
    "outrig.discovery",
    "outrig.engine",
    "pathlib",
    "platformdirs",
    "pluggy",
    "re",
    "subprocess",
    "tempfile",
    "typing",
    "yaml",
)
PROGRAM = f"""
import sys
before = set(sys.modules)
from outrig.__main__ import main
sys.argv[0] = "outrig"
code = main()
after = [name for name in {HEAVY!r} if name in set(sys.modules) - before]
sys.stdout.write("\\n" + repr(after).replace("'", '"'))
sys.exit(code)
"""


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("--version",),
        (),
        ("help",),
        ("session",),
        ("session", "--help"),
        ("bai", "--help"),
        ("bai", "--version"),
        ("bai", "--output", "json", "admin"),
        ("help", "session"),
        ("any", "session", "--help"),
        ("__complete", "bash", "outrig", "ses"),
        ("__complete", "bash", "outrig", "session", ""),
    ],
    ids=" ".join,
)
def test_help_version_and_completion_import_nothing_heavy(
    words: tuple[str, ...], run: CommandLine
) -> None:
    run("--help").checked()  # so that there is a manifest
    done = run.program(sys.executable, "-P", "-c", PROGRAM, *words)
    assert done.exit_code == 0, str(done)
    assert json.loads(done.lines[-1]) == []


def test_an_unknown_command_is_answered_without_the_framework(run: CommandLine) -> None:
    run("--help").checked()
    done = run.program(sys.executable, "-P", "-c", PROGRAM, "sesion")
    assert done.exit_code == 2
    assert "cleo" not in done.lines[-1]


def test_one_command_imports_no_other(run: CommandLine) -> None:
    program = PROGRAM.replace(repr(HEAVY), repr(("outrig.engine", "outrig.cli.commands.session")))
    run("--help").checked()
    done = run.program(sys.executable, "-P", "-c", program, "shim", "list").checked()
    assert json.loads(done.lines[-1]) == []


@pytest.mark.parametrize("words", [("snapshot", "list"), ("snapshot", "create", "--name", "v1")])
def test_snapshots_import_nothing_of_sessions_and_runs(
    words: tuple[str, ...], run: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "outrig.yaml").write_text("name: demo\n")
    run(*words, cwd=tmp_path).checked()
    others = ("outrig.model.run", "outrig.model.session", "outrig.model.node", "shutil", "uuid")
    heavy = others if "create" in words else (*others, "yaml", "outrig.project.document")
    done = run.program(
        sys.executable, "-P", "-c", PROGRAM.replace(repr(HEAVY), repr(heavy)), *words, cwd=tmp_path
    ).checked()
    assert json.loads(done.out.splitlines()[-1]) == []
