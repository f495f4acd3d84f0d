"""The console blocks of the pages show what is really printed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.testing.consoles import check_page

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if "```console" in path.read_text()
]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_tells_the_truth(
    page: str, run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for directory in (Path(sys.executable).parent, Path.home() / ".local/bin"):
        monkeypatch.setenv("PATH", str(directory), prepend=os.pathsep)
    wrong = check_page((ROOT / page).read_text(), run.directory, ROOT)
    assert not wrong, "\n".join(wrong)


def test_the_readme_names_its_two_commands() -> None:
    readme = (ROOT / "README.md").read_text()
    assert readme.index("python3 dev.py hello") < readme.index("python3 dev.py test")


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text()
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    assert [page for page in pages if f": {page}" not in navigation] == []
