"""`dev.py` says in one line what is in its way."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("dev.py", "pyproject.toml", "README.md", "LICENSE", "core/outrig/__init__.py")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a directory with as much of the repository as setting up looks at."""
    for name in NEEDED:
        (tmp_path / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "clone" / name)
    return tmp_path / "clone"


@pytest.mark.parametrize("words", [(), ("bogus",)])
def test_without_a_task_the_tasks_are_listed(run: CommandLine, words: tuple[str, ...]) -> None:
    result = run.program(sys.executable, str(ROOT / "dev.py"), *words)
    assert result.exit_code == 2
    assert result.out == ""
    for task in ("hello", "test", "lint", "types", "docs", "bench", "check", "soak", "clean"):
        assert f"\n  {task}" in result.err


def test_no_package_index_is_one_line(run: CommandLine, clone: Path) -> None:
    result = run.program(
        sys.executable,
        "dev.py",
        "hello",
        cwd=clone,
        env={"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": None},
    )
    assert result.exit_code == 1
    assert result.out == ""
    first, second = result.err.splitlines()
    assert first == "Setting up .venv …"
    assert second.startswith("dev.py: installing failed; is the package index")


def test_python_without_ensurepip_is_one_line(run: CommandLine, clone: Path) -> None:
    (clone / "without").mkdir()
    (clone / "without/sitecustomize.py").write_text(
        "import importlib.util\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: find(name) if name != 'ensurepip' else None\n"
    )
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(clone / "without")}
    result = run.program(sys.executable, "dev.py", "test", cwd=clone, env=environment)
    assert result.exit_code == 1
    assert "apt-get install python3-venv" in result.err.splitlines()[-1]


def test_the_changelog_is_joined_from_fragments(run: CommandLine, clone: Path) -> None:
    (clone / "changelog.d").mkdir()
    (clone / "changelog.d/README.md").write_text("About fragments.\n")
    (clone / "changelog.d/b.fixed.md").write_text("It works.\n")
    (clone / "changelog.d/a.added.md").write_text("It does\nmore.\n")
    (clone / "CHANGELOG.md").write_text("# Changelog\n\n## 0.1.0 (2026-01-01)\n\n- First.\n")
    result = run.program(sys.executable, "dev.py", "changelog", "0.2.0", cwd=clone)
    assert result.exit_code == 0
    head, *sections = (clone / "CHANGELOG.md").read_text().split("\n## ")
    assert head == "# Changelog\n"
    assert sections[0].startswith("0.2.0 (")
    assert sections[0].endswith(
        ")\n\n### Added\n\n- It does\n  more.\n\n### Fixed\n\n- It works.\n"
    )
    assert sections[1] == "0.1.0 (2026-01-01)\n\n- First.\n"
    assert [one.name for one in (clone / "changelog.d").iterdir()] == ["README.md"]
