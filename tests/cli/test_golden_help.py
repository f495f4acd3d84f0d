"""The help of every command and group is as it was reviewed.

`OUTRIG_GOLDEN=write` writes the files anew: look at the difference before you commit it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.cli.reference import help_pages, own_commands, reference_markdown
from outrig.manifest import load

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine

GOLDEN = Path(__file__).parent / "golden"
WRITE = os.environ.get("OUTRIG_GOLDEN") == "write"


def file_of(words: str) -> Path:
    """Return where the help of a command or group is kept."""
    return GOLDEN / f"{words.replace(' ', '-') or 'outrig'}.txt"


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return every page of help, of Outrig's own plugins only."""
    monkeypatch.setenv("OUTRIG_PLUGINS", "off")
    return help_pages()


def test_help_is_as_it_was_reviewed(pages: dict[str, str]) -> None:
    if WRITE:
        for file in GOLDEN.glob("*.txt"):
            file.unlink()
        for words, text in pages.items():
            file_of(words).write_text(text)
    kept = {file.name: file.read_text() for file in GOLDEN.glob("*.txt")}
    now = {file_of(words).name: text for words, text in pages.items()}
    changed = sorted(name for name in now.keys() | kept if now.get(name) != kept.get(name))
    assert changed == [], "OUTRIG_GOLDEN=write writes these anew"


def test_help_fits_80_columns(pages: dict[str, str]) -> None:
    wide = [
        f"{words}: {line}"
        for words, text in pages.items()
        for line in text.partition("Examples:")[0].splitlines()
        if len(line) > 80
    ]
    assert wide == []


def test_every_command_says_what_it_does(pages: dict[str, str]) -> None:
    entries = own_commands(load())
    assert [one.words for one in entries if not one.summary or one.summary.endswith(".")] == []
    undescribed = [
        f"{words}: {line}"
        for words, text in pages.items()
        for line in text.splitlines()
        if line.startswith("  -") and len(line.split("  ")) < 3 and line.rstrip() == line[:28]
    ]
    assert undescribed == []


def test_what_is_printed_is_what_is_kept(pages: dict[str, str], run: CommandLine) -> None:
    for words in ("", "shim", "shim install", "completion"):
        printed = run(*words.split(), "--help", env={"COLUMNS": "80", "OUTRIG_PLUGINS": "off"})
        assert printed.checked().out == pages[words]


def test_the_reference_names_every_command() -> None:
    text = reference_markdown()
    assert [one.words for one in own_commands() if f"### outrig {one.words}\n" not in text] == []
