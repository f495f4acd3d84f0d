"""The pages about writing plugins show what is really printed, and quote code that exists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.manifest import load
from outrig.plugins.template import KINDS
from outrig.testing.consoles import check_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.testing.command_line import CommandLine

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "provider": "provider",
    "store": "store",
    "commands": "commands",
    "policy": "extension",
}


@pytest.fixture
def uninstalled_after(in_environment: Path, run: CommandLine) -> Iterator[None]:
    """Take the page's plugin away again."""
    yield
    run.program(str(in_environment / "pip"), "uninstall", "--quiet", "--yes", "acme-cloud")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_goes_from_zero_to_installed(
    page: str, run: CommandLine, uninstalled_after: None
) -> None:
    text = (ROOT / f"docs/plugins/{page}.md").read_text()
    wrong = check_page(text, run.directory, ROOT)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("page", "kind"), PAGES.items())
def test_what_is_quoted_is_in_the_template(page: str, kind: str) -> None:
    text = (ROOT / f"docs/plugins/{page}.md").read_text()
    quoted = re.findall(r"(?<!-->)\n```(?:python|toml)\n(.*?)```", text, re.S)
    files = [one for one in (ROOT / "plugin-template" / kind).rglob("*") if one.is_file()]
    sources = "\n".join(one.read_text() for one in files if one.suffix in (".py", ".toml"))
    assert quoted
    for one in quoted:
        assert one in sources, one


def test_the_catalogue_has_every_plugin_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTRIG_PLUGINS", "off")
    page = (ROOT / "docs/plugins/catalogue.md").read_text()
    found = load()
    missing = [
        f"{one.group} {one.name}"
        for one in found
        if one.group != "commands" and f"| `{one.name}` | {one.group[:-1]} |" not in page
    ]
    assert missing == [], "run python docs/catalogue.py"
    for kind in KINDS:
        assert f"## plugin-template/{kind}" in page
    assert "problem" not in page
