"""The node program is one text that every Python from 3.8 on runs, without any import of ours."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from outrig.errors import RemoteError
from outrig.ids import new_id
from outrig.node.boot import BOOTSTRAP, MODULES, program_digest, program_source
from outrig.node.client import connect
from outrig.testing.providers import Held
from outrig.transport.local import LocalTransport
from outrig_local.provider import LocalProvider, LocalSettings


def interpreters() -> dict[str, str]:
    """Return the Pythons of this machine by version."""
    names = [f"python3.{minor}" for minor in range(6, 20)]
    places = [shutil.which(name) for name in names]
    pyenv = Path(os.environ.get("PYENV_ROOT", "/nowhere"), "versions")
    places += [str(path) for path in pyenv.glob("*/bin/python")]
    found: dict[str, str] = {}
    for place in filter(None, (*places, sys.executable)):
        asked = subprocess.run([place, "-V"], capture_output=True, text=True, check=False)
        if asked.returncode == 0 and asked.stdout.startswith("Python "):
            major, minor = asked.stdout.split()[1].split(".")[:2]
            found.setdefault(f"{major}.{minor}", place)
    return found


INTERPRETERS = interpreters()
OLD = {version: place for version, place in INTERPRETERS.items() if version in ("3.6", "3.7")}


def test_it_is_valid_for_python_3_8() -> None:
    assert ast.parse(program_source(), feature_version=(3, 8)).body


def test_every_module_is_in_it() -> None:
    folder = Path(sys.modules["outrig.node.boot"].__file__ or "").parent / "program"
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == set(MODULES)


def test_a_name_is_given_once_as_all_modules_share_them() -> None:
    seen: dict[str, int] = {}
    for node in ast.parse(program_source()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            seen[node.name] = seen.get(node.name, 0) + 1
        if isinstance(node, ast.Assign):
            for target in node.targets:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        seen[name.id] = seen.get(name.id, 0) + 1
    assert {name for name, count in seen.items() if count > 1} == {"TYPE_CHECKING"}


def test_it_imports_the_standard_library_only() -> None:
    imported = set()
    for node in ast.walk(ast.parse(program_source())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported <= sys.stdlib_module_names


def test_its_start_imports_nothing_slow(tmp_path: Path) -> None:
    slow = "asyncio ctypes dataclasses inspect pathlib shutil socket subprocess tempfile typing"
    code = f"import sys; {BOOTSTRAP.strip().rpartition(chr(10))[0]}"
    check = f"{code}\nprint([name for name in {slow.split()} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-IS", "-c", check, program_digest(), str(tmp_path / "node")],
        input=len(program_source()).to_bytes(4, "big") + program_source(),
        capture_output=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == b"[]"


@pytest.mark.parametrize("version", sorted(set(INTERPRETERS) - set(OLD)))
def test_every_python_of_this_machine_runs_it(version: str, tmp_path: Path) -> None:
    class OtherPython(LocalProvider):
        def endpoint(self, node):  # type: ignore[no-untyped-def]
            import dataclasses

            return dataclasses.replace(super().endpoint(node), python=INTERPRETERS[version])

    provider = OtherPython(LocalSettings(root=str(tmp_path / "node")))
    held = Held(provider)
    held.sync({"a.txt": "content"})
    assert held.sh("cat a.txt; exit 4")[0].exit_code == 4
    assert provider.client(held.head).hello.python.startswith(f"{version}.")
    held.end()
    provider.close()


@pytest.mark.skipif(not OLD, reason="no Python 3.6 or 3.7 on this machine")
def test_a_python_that_is_too_old_is_said() -> None:
    version, place = next(iter(OLD.items()))
    with pytest.raises(RemoteError, match=rf"Python {version} is too old \(3\.8 is needed\)"):
        connect(LocalTransport(place), "")


def test_it_is_sent_once_and_kept_by_its_digest(tmp_path: Path) -> None:
    root = tmp_path / "base" / "node"
    for _ in range(2):
        connect(LocalTransport(), str(root)).close()
    (kept,) = (tmp_path / "base" / "program").iterdir()
    assert kept.name == f"{program_digest()}.{sys.implementation.cache_tag}"
    kept.write_bytes(kept.read_bytes()[:100])
    client = connect(LocalTransport(), str(root))
    assert client.hello.root == str(root)
    client.close()


def test_no_python_is_said() -> None:
    with pytest.raises(RemoteError, match=f"cannot start /no/python-{new_id()[:0]}"):
        connect(LocalTransport("/no/python-"), "")
