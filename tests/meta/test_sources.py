"""The rules of the house that no linter knows."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE_LINES = 400  # 300 is what to aim at
FUNCTION_LINES = 60
HEAVY = ("boto3", "botocore", "google", "paramiko", "fsspec", "s3fs", "gcsfs", "ray")
TALKERS = (
    "core/outrig/__main__.py",
    "core/outrig/cli/",
    "core/outrig/plugins/facade.py",  # reports what fails where nobody else listens
    "core/outrig/plugins/printing.py",  # keeps what plugins print out of the results
    "core/outrig/router.py",
)
STREAMS = ("sys.stdout", "sys.stderr")
NODE_PROGRAM = ROOT / "core/outrig/node/program"

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(*roots: str) -> list[Path]:
    """Return all Python files below the given directories."""
    return sorted(path for root in roots for path in (ROOT / root).rglob("*.py"))


def name_of(path: Path) -> str:
    """Return a path as seen from the root of the repository."""
    return path.relative_to(ROOT).as_posix()


def test_modules_are_short() -> None:
    lengths = {
        name_of(path): len(path.read_text().splitlines()) for path in sources("core", "plugins")
    }
    assert {name: length for name, length in lengths.items() if length > MODULE_LINES} == {}


def test_functions_are_short() -> None:
    long = {}
    for path in sources("core", "plugins"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, Function) and node.end_lineno is not None:
                length = node.end_lineno - node.lineno + 1
                if length > FUNCTION_LINES:
                    long[f"{name_of(path)}:{node.lineno} {node.name}"] = length
    assert long == {}


def test_interfaces_have_at_most_six_methods() -> None:
    tree = ast.parse((ROOT / "core/outrig/interfaces.py").read_text())
    for interface in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        methods = [
            node.name
            for node in interface.body
            if isinstance(node, Function)
            and any(ast.unparse(one).endswith("abstractmethod") for one in node.decorator_list)
        ]
        assert len(methods) <= 6, interface.name


def test_every_test_module_has_its_own_name() -> None:
    names = [path.name for path in sources("tests") if path.name.startswith("test_")]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


def test_only_commands_talk_to_the_user() -> None:
    talkers = []
    for path in sources("core", "plugins"):
        name = name_of(path)
        if name.startswith(TALKERS) or "/cli/" in name or path.is_relative_to(NODE_PROGRAM):
            continue
        nodes = ast.walk(ast.parse(path.read_text()))
        attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
        talkers += [f"{name}:{node.lineno}" for node in attributes if ast.unparse(node) in STREAMS]
    assert talkers == []


@pytest.mark.parametrize("path", sources("core/outrig/node/program"), ids=name_of)
def test_the_node_program_needs_nothing_but_an_old_python(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 8))
    package = "outrig.node.program"
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(package if node.level else node.module or "")
    others = [name for name in names if name.partition(".")[0] not in sys.stdlib_module_names]
    assert [name for name in others if not name.startswith(package)] == []


def test_importing_everything_imports_nothing_heavy() -> None:
    modules = [
        path.relative_to(root)
        .with_suffix("")
        .as_posix()
        .replace("/", ".")
        .removesuffix(".__init__")
        for root in (ROOT / "core", ROOT / "plugins")
        for path in root.rglob("*.py")
        if path.name != "__main__.py"
        and not path.is_relative_to(NODE_PROGRAM)
        and not path.is_relative_to(ROOT / "core/outrig/testing")
    ]
    code = (
        "import importlib, json, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
