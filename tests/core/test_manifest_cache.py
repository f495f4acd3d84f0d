"""When the manifest is read, and when it is made anew."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig import manifest, paths

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import PluginMaker

COMMAND = """
from outrig.api import Command

class Hello(Command):
    summary = "{summary}"
    aliases = ("hi",)

    def handle(self):
        self.line("{summary}")
        return 0
"""


def install(plugins: PluginMaker, summary: str = "Say hello") -> Path:
    """Install a distribution with one command."""
    return plugins(
        "acme-hello",
        entry_points={"outrig.commands": {"hello": "acme_hello:Hello"}},
        files={"acme_hello.py": COMMAND.format(summary=summary)},
    )


def cache_file() -> Path:
    """Return the one manifest file."""
    (file,) = Path(paths.cache_dir()).glob("plugins-*.json")
    return file


def test_it_is_made_once_and_then_read(plugins: PluginMaker) -> None:
    install(plugins)
    first = manifest.load()
    assert (first.fresh, first.commands["hello"].summary) == (True, "Say hello")
    again = manifest.load()
    assert again.fresh is False
    assert [one.row for one in again] == [one.row for one in first]
    assert manifest.load(rebuild=True).fresh


def test_outrigs_own_are_found_as_a_third_partys(plugins: PluginMaker) -> None:
    install(plugins)
    found = manifest.load()
    assert found.commands["hello"].distribution == "acme-hello"
    assert found.commands["shim install"].distribution == "outrig"
    assert found.providers["local"].value == "outrig_local.provider:LocalProvider"
    assert "file" in found.stores


def test_another_plugin_makes_it_anew(plugins: PluginMaker) -> None:
    assert "hello" not in manifest.load().commands
    directory = install(plugins)
    assert "hello" in manifest.load().commands
    for file in directory.iterdir():
        file.unlink()
    directory.rmdir()
    assert "hello" not in manifest.load().commands


def test_an_upgrade_makes_it_anew(plugins: PluginMaker) -> None:
    directory = install(plugins)
    assert manifest.load().commands["hello"].version == "1.0"
    directory.rename(directory.with_name("acme_hello-2.0.dist-info"))
    metadata = directory.with_name("acme_hello-2.0.dist-info") / "METADATA"
    metadata.write_text(metadata.read_text().replace("1.0", "2.0"))
    assert manifest.load().commands["hello"].version == "2.0"


def test_an_edited_source_of_an_editable_install_makes_it_anew(plugins: PluginMaker) -> None:
    directory = install(plugins)
    origin = {"url": plugins.site.as_uri(), "dir_info": {"editable": True}}
    (directory / "direct_url.json").write_text(json.dumps(origin))
    assert manifest.load().commands["hello"].summary == "Say hello"
    source = plugins.site / "acme_hello.py"
    source.write_text(COMMAND.format(summary="Say something else"))
    os.utime(source, ns=(1, 1))
    assert manifest.load().commands["hello"].summary == "Say something else"
    source.write_text("oops(")
    os.utime(source, ns=(2, 2))
    broken = manifest.load()
    assert "hello" not in broken.commands
    assert "SyntaxError" in broken.problems[0].reason
    source.write_text(COMMAND.format(summary="Mended"))
    os.utime(source, ns=(3, 3))
    assert manifest.load().commands["hello"].summary == "Mended"


def test_a_missing_module_of_an_editable_install_is_found_when_it_comes(
    plugins: PluginMaker,
) -> None:
    directory = plugins(
        "acme-late",
        entry_points={"outrig.commands": {"hello": "acme_late.cli:Hello"}},
        files={"acme_late/__init__.py": ""},
    )
    origin = {"url": plugins.site.as_uri(), "dir_info": {"editable": True}}
    (directory / "direct_url.json").write_text(json.dumps(origin))
    assert "hello" not in manifest.load().commands
    (plugins.site / "acme_late/cli.py").write_text(COMMAND.format(summary="Late"))
    assert manifest.load().commands["hello"].summary == "Late"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"key": "x"}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"key": NaN}',
    ],
    ids=repr,
)
def test_a_damaged_file_is_made_anew(content: bytes, plugins: PluginMaker) -> None:
    install(plugins)
    manifest.load()
    cache_file().write_bytes(content)
    assert "hello" in manifest.load().commands
    assert manifest.load().fresh is False


def test_rows_of_the_wrong_shape_are_made_anew(plugins: PluginMaker) -> None:
    install(plugins)
    manifest.load()
    found = json.loads(cache_file().read_text())
    for damage in ([[1]], [["bogus", "x", "y", "z", "v"]], "x", None):
        cache_file().write_text(json.dumps({**found, "entries": damage}))
        assert "hello" in manifest.load().commands


def test_a_cache_that_cannot_be_written_does_no_harm(
    tmp_path: Path, plugins: PluginMaker, run: CommandLine
) -> None:
    install(plugins)
    (tmp_path / "file").write_text("")
    env = {"OUTRIG_HOME": str(tmp_path / "file")}
    assert run("hello", env=env).checked().out == "Say hello\n"
    assert run("hi", env=env).checked().err == ""


def test_several_processes_at_once(plugins: PluginMaker, run: CommandLine) -> None:
    install(plugins)
    started = [run.start("hello") for _ in range(4)]
    assert [one.wait().out for one in started] == ["Say hello\n"] * 4
    assert sorted(one.suffix for one in Path(paths.cache_dir()).iterdir()) == [".json"]


def test_only_outrigs_own_without_plugins(
    plugins: PluginMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(plugins)
    manifest.load()
    monkeypatch.setenv("OUTRIG_PLUGINS", "off")
    own = manifest.load()
    assert {one.distribution for one in own} == {"outrig"}
    monkeypatch.delenv("OUTRIG_PLUGINS")
    assert manifest.load().fresh is False
    monkeypatch.setenv("OUTRIG_WITHOUT_PLUGINS", "x,acme-hello")
    assert "hello" not in manifest.load().commands
    monkeypatch.setenv("OUTRIG_WITHOUT_PLUGINS", "local")
    assert "local" not in manifest.load().providers


def test_the_first_on_the_path_wins(
    plugins: PluginMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(plugins, summary="Second")
    monkeypatch.syspath_prepend(str(tmp_path / "first"))
    plugins.site = tmp_path / "first"
    install(plugins, summary="First")
    found = manifest.load()
    assert found.commands["hello"].summary == "First"
    assert found.problems == ()


def test_the_file_is_read_without_the_json_module(run: CommandLine) -> None:
    run("--help").checked()
    code = (
        "import sys; from outrig import manifest; found = manifest.load()\n"
        "print(found.fresh, 'json' in sys.modules, 'shim install' in found.commands)"
    )
    assert run.program(sys.executable, "-P", "-c", code).checked().out == "False False True\n"
