"""Plugins broken in every way known, each alone and all at once: nothing of ours breaks.

`--help` and commands that have nothing to do with them work, one line says what is wrong, and
`plugin doctor` says how to mend it.
"""

from __future__ import annotations

import json
import os
import sys
import textwrap
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import PluginMaker, ProjectMaker

COMMAND = """
from outrig.api import Command
class Greet(Command):
    summary = "Greet"
    def handle(self):
        self.line("greetings")
"""
EXTENSION = """
from outrig.api import hookimpl
class Watch:
    @hookimpl
    def review_plan(self, plan, context):
        return None
"""
SLOW_S = 5


@dataclass(frozen=True, kw_only=True)
class Broken:
    """One way to be broken: what its modules begin with, and what is said of it.

    `said` is in the line on stderr of a start, `doctor` in what is wrong and `remedy` in what to
    do; empty where nothing is.
    """

    name: str
    begin: str = ""
    extension: str = EXTENSION
    command: str = COMMAND
    points: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    requires: tuple[str, ...] = ("outrig",)
    said: str = ""
    doctor: str = ""
    remedy: str = ""
    after: Callable[[Path, Path], None] | None = None


def _half_uninstalled(site: Path, information: Path) -> None:
    for module in (f"{information.name.partition('-')[0]}.py",):
        (site / module).unlink()


def _without_metadata(_site: Path, information: Path) -> None:
    (information / "METADATA").unlink()


def _sources_gone(site: Path, information: Path) -> None:
    """An editable install whose checkout was deleted."""
    module = site / f"{information.name.partition('-')[0]}.py"
    module.unlink()
    where = {"url": (site / "deleted checkout").as_uri(), "dir_info": {"editable": True}}
    (information / "direct_url.json").write_text(json.dumps(where))


BROKEN = [
    Broken(
        name="raises",
        begin="raise RuntimeError('out of order')",
        said="RuntimeError: out of order",
        doctor="RuntimeError: out of order",
        remedy="pip install --force-reinstall raises",
    ),
    Broken(
        name="exits",
        begin="import sys; sys.exit('bye')",
        said="sys.exit('bye')",
        doctor="sys.exit('bye')",
        remedy="pip install --force-reinstall exits",
    ),
    Broken(
        name="lacks",
        begin="import an_sdk_that_is_not_there",
        said="No module named 'an_sdk_that_is_not_there'",
        doctor="ModuleNotFoundError",
        remedy="install what it lacks: pip install --force-reinstall lacks",
    ),
    Broken(
        name="prints",
        begin="print('n' + 'oise'); import os; os.write(1, b'n' + b'oise')",
        said="printed while it was imported: noise",
        doctor="printed while it was imported",
        remedy="tell the authors of prints to print nothing on import",
    ),
    Broken(
        name="slow",
        begin=f"import time; time.sleep({SLOW_S})",
        said=f"took {SLOW_S}.",
        doctor="s to import",
        remedy="import large packages inside functions",
    ),
    Broken(
        name="signature",
        extension=EXTENSION.replace("plan, context", "plan, contxt"),
        said="does not fit: review_plan(plan, contxt)",
        doctor="does not fit: review_plan(plan, contxt)",
        remedy="install a release of signature for this Outrig, or tell its authors",
    ),
    Broken(
        name="unknown-hook",
        extension=EXTENSION.replace("review_plan", "reveiw_plan"),
        said="does not fit: unknown hook 'reveiw_plan'",
        doctor="unknown hook 'reveiw_plan'",
        remedy="install a release of unknown-hook",
    ),
    Broken(
        name="answers",
        extension=EXTENSION.replace("review_plan(self, plan,", "provision(self, request,"),
        said="is refused: it answers provision",
        doctor="may only wrap",
        remedy="tell the authors of answers",
    ),
    Broken(
        name="taken",
        points={"outrig.providers": {"local": "taken:Provider"}},
        said="outrig.providers local: outrig ",
        doctor="has that name already, and is used",
        remedy="pip uninstall taken",
    ),
    Broken(
        name="newer",
        requires=("outrig>=99",),
        said="it needs outrig >=99",
        doctor="it needs outrig >=99",
        remedy="pip install -U outrig",
    ),
    Broken(
        name="half",
        after=_half_uninstalled,
        said="No module named 'half'",
        doctor="No module named 'half'",
        remedy="pip install --force-reinstall half",
    ),
    Broken(
        name="nameless",
        after=_without_metadata,
        said="has no METADATA; it seems to be half uninstalled",
        doctor="half uninstalled",
        remedy="remove that directory",
    ),
    Broken(
        name="editable",
        after=_sources_gone,
        said="No module named 'editable'",
        doctor="No module named 'editable'",
        remedy="pip install --force-reinstall editable",
    ),
]


def install(plugins: PluginMaker, one: Broken) -> None:
    """Install one with a command and an extension, both broken in that way."""
    module = one.name.replace("-", "_")
    information = plugins(
        one.name,
        entry_points={
            "outrig.commands": {one.name: f"{module}:Greet"},
            "outrig.extensions": {one.name: f"{module}:Watch"},
            **one.points,
        },
        files={f"{module}.py": "\n".join((one.begin, one.command, one.extension))},
        requires=one.requires,
    )
    if one.after is not None:
        one.after(plugins.site, information)


def assert_all_is_well_but(run: CommandLine, project: ProjectMaker, broken: list[Broken]) -> None:
    """Use Outrig, and look at what is said of the broken ones."""
    told = run("--help").checked()
    assert "session" in told.out
    assert "noise" not in told.out
    project({"outrig.yaml": {"name": "demo", "commands": [{"name": "hi", "command": "echo hi"}]}})
    assert run("project", "show", "--format", "name", "--output", "plain").checked().out == "demo\n"
    assert run("session", "list").checked().err.count("\n") <= 1
    started = run("session", "start", "hi", timeout_s=100).checked()
    assert started.out == "hi\n"
    doctor = run("plugin", "doctor", timeout_s=100)
    assert doctor.exit_code == int(any(one.doctor for one in broken))
    for one in broken:
        lines = [line for line in (told.err + started.err).splitlines() if one.name in line]
        lines = [
            line
            for line in lines
            if line.startswith(("outrig: warning:", "skipped: ")) or one.said in line
        ]
        assert any(one.said in line for line in lines) or not one.said, (one.name, lines)
        assert bool(lines) == bool(one.said), (one.name, lines)
        at = [n for n, line in enumerate(doctor.lines) if one.doctor and one.doctor in line]
        assert bool(at) == bool(one.doctor), (one.name, doctor.out)
        assert any(one.remedy in doctor.lines[n + 1] for n in at) or not at, (one.name, doctor.out)
    run("session", "stop").checked()


@pytest.mark.parametrize("one", BROKEN, ids=lambda one: one.name)
def test_alone(one: Broken, plugins: PluginMaker, run: CommandLine, project: ProjectMaker) -> None:
    install(plugins, one)
    assert_all_is_well_but(run, project, [one])


@pytest.mark.timeout(300)
def test_all_together(plugins: PluginMaker, run: CommandLine, project: ProjectMaker) -> None:
    for one in BROKEN:
        install(plugins, one)
    assert_all_is_well_but(run, project, BROKEN)


@pytest.mark.parametrize("one", BROKEN, ids=lambda one: one.name)
def test_what_is_left_out_is_not_mentioned(
    one: Broken, plugins: PluginMaker, run: CommandLine, project: ProjectMaker
) -> None:
    install(plugins, one)
    project({"outrig.yaml": {"name": "demo", "commands": [{"name": "hi", "command": "echo hi"}]}})
    if one.name != "nameless":  # nobody knows what it is called
        first = run("session", "list", "--without-plugin", one.name).checked()
        assert one.name not in first.err, "when it has just been looked at, too"
    off = run("session", "start", "hi", env={"OUTRIG_PLUGINS": "off"}).checked()
    assert (off.out, one.name in off.err) == ("hi\n", False)
    if one.name != "nameless":  # nobody knows what it is called
        started = run("session", "execute", "hi", "--without-plugin", one.name).checked()
        assert started.out == "hi\n"
        assert one.name not in started.err


def test_a_plugin_in_an_archive_works(
    tmp_path: Path, run: CommandLine, plugins: PluginMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found, listed, used; and told when it is broken."""
    install(plugins, Broken(name="zipped"))
    install(plugins, next(one for one in BROKEN if one.name == "raises"))
    archive = tmp_path / "all of them.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in plugins.site.rglob("*"):
            file.write(path, path.relative_to(plugins.site))
    (tmp_path / "broken.zip").write_bytes(b"no archive")
    places = [str(archive), str(tmp_path / "broken.zip")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(places))
    told = run("--help").checked()
    assert "RuntimeError: out of order" in told.err
    assert "zipped" in told.out
    assert run("zipped").checked().out == "greetings\n"
    listed = run("plugin", "list", "--format", "name,kind", "--output", "plain").checked()
    assert "zipped" in listed.out
    doctor = run("plugin", "doctor")
    assert "ok       extension zipped (zipped 1.0)" in doctor.lines
    assert any("out of order" in line for line in doctor.lines)


def test_an_editable_install_follows_its_sources(
    tmp_path: Path, run: CommandLine, plugins: PluginMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = tmp_path / "a check out"
    sources.mkdir()
    information = plugins(
        "greeter",
        entry_points={"outrig.commands": {"greet": "greeter:Greet"}},
        files={"greeter.pth.txt": ""},
    )
    where = {"url": sources.as_uri(), "dir_info": {"editable": True}}
    (information / "direct_url.json").write_text(json.dumps(where))
    (sources / "greeter.py").write_text(COMMAND)
    monkeypatch.setenv("PYTHONPATH", str(sources), prepend=os.pathsep)
    assert run("greet").checked().out == "greetings\n"
    (sources / "greeter.py").write_text(textwrap.dedent(COMMAND).replace("Greet(", "Gone("))
    broken = run("--help").checked()
    assert "has no attribute 'Greet'" in broken.err
    (sources / "greeter.py").write_text(COMMAND.replace('"Greet"', '"Say hello"'))
    assert "Say hello" in run("--help").checked().out
    assert sys.executable
