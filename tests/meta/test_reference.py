"""The generated pages are up to date, and say something about everything."""

from __future__ import annotations

import re
from difflib import ndiff
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig import errors, manifest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs/reference"
PAGES = ("commands.md", "exit-codes.md", "hooks.md", "project-file.md", "settings.md")
ERRORS = sorted(
    name
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, errors.OutrigError)
)


@pytest.fixture(scope="session")
def pages(generator: ModuleType) -> dict[str, str]:
    """Return the pages as they would be generated now."""
    made: dict[str, str] = generator.pages()
    return made


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the words of all commands of our own that do something."""
    monkeypatch.setenv("OUTRIG_PLUGINS", "off")
    commands = manifest.load().commands
    return [name for name, entry in commands.items() if entry.kind == "command"]


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_up_to_date(pages: dict[str, str], name: str) -> None:
    assert set(pages) == set(PAGES)
    kept = (REFERENCE / name).read_text().splitlines()
    changes = [line for line in ndiff(kept, pages[name].splitlines()) if line[0] in "+-"]
    if changes:
        pytest.fail("\n".join([f"{name}: run python3 dev.py golden", *changes[:20]]), pytrace=False)


def test_every_command_has_its_help_on_the_page(words: list[str]) -> None:
    page = (REFERENCE / "commands.md").read_text()
    shown = [one for one in words if not manifest.load().commands[one].hidden]
    missing = [one for one in shown if f"\n### outrig {one}\n" not in page]
    assert missing == []


def test_every_command_is_used_by_a_test(words: list[str], tests_text: str) -> None:
    untested = []
    for one in words:
        quoted = ", ".join(f'"{word}"' for word in one.split())
        first, _, rest = quoted.partition(", ")
        called = rf"\b{first[1:-1]}\({re.escape(rest)}"  # a fixture that has the set's name
        spelled = rf'{re.escape(quoted)}|{called}|["\'` ]{re.escape(one)}\b'
        if not re.search(spelled, tests_text):
            untested.append(one)
    assert untested == []


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_has_an_exit_code_on_the_page(name: str) -> None:
    code = getattr(errors, name).exit_code
    page = (REFERENCE / "exit-codes.md").read_text()
    assert name == "OutrigError" or f"| {code} | `{name}` |" in page


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_is_seen_by_a_test(name: str, tests_text: str) -> None:
    assert re.search(rf"\b{name}\b", tests_text)
