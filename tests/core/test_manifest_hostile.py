"""Plugins that misbehave never take the tool down, and are named in one line."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from outrig import discovery, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine
    from outrig.testing.fixtures import PluginMaker

GOOD = """
from outrig.api import Command

class Good(Command):
    summary = "Good"

    def handle(self):
        self.line("good")
        return 0
"""

TWICE = """
from outrig.api import Command, option

class Bad(Command):
    options = (option("x"), option("x"))
"""


def install(plugins: PluginMaker, code: str, name: str = "acme-bad") -> Path:
    """Install a distribution whose second command comes from `code`."""
    module = name.replace("-", "_")
    return plugins(
        name,
        entry_points={
            "outrig.commands": {"good": f"{module}_good:Good", "bad": f"{module}:Bad"},
        },
        files={f"{module}.py": code, f"{module}_good.py": GOOD},
    )


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("raise RuntimeError('a\\n\\x1b[31mb')", "RuntimeError: a \\x1b[31mb"),
        ("import sys; sys.exit(3)", "it called sys.exit(3)"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("import os; os._exit(0)", "importing it ended the process"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended the process"),
        ("x = 1", "has no attribute 'Bad'"),
        ("oops(", "SyntaxError"),
        ("class Bad: pass", "it is neither an outrig.api Command class nor"),
        ("Bad = 3", "it is neither an outrig.api Command class nor"),
        (TWICE, "already exists"),
        ("raise ValueError('x' * 10_000)", "ValueError: xxx"),
    ],
    ids=lambda one: one[:40],
)
def test_a_plugin_that_breaks_is_skipped_and_named(
    code: str, reason: str, plugins: PluginMaker, run: CommandLine
) -> None:
    install(plugins, code)
    helped = run("--help").checked()
    assert "good" in helped.out
    (line,) = helped.err.splitlines()
    assert line.startswith("outrig: warning: skipped plugin acme-bad 1.0: outrig.commands bad: ")
    assert reason in line
    assert len(line) < 500
    asked = run("bad")
    assert (asked.exit_code, asked.out) == (8, "")
    assert "acme-bad 1.0" in asked.err
    assert "outrig plugin doctor" in asked.err


def test_a_broken_plugin_is_told_once_and_harms_no_other_command(
    plugins: PluginMaker, run: CommandLine
) -> None:
    install(plugins, "import no_such_module")
    first = run("good").checked()
    assert (first.out, "skipped plugin acme-bad 1.0" in first.err) == ("good\n", True)
    assert run("good").checked().err == ""
    assert run("shim", "list").checked().err == ""
    assert "skipped plugin acme-bad 1.0" in run("--help").checked().err


def test_what_a_plugin_prints_is_not_ours(plugins: PluginMaker, run: CommandLine) -> None:
    code = (
        "import os, sys\nprint('noise')\nprint('noise', file=sys.stderr)\n"
        "os.write(1, b'noise')\nos.write(2, b'noise')\ninput_ = sys.stdin.read()\n"
        "import atexit; atexit.register(print, 'noise')\n" + GOOD.replace("Good", "Bad")
    )
    install(plugins, code)
    done = run("--help").checked()
    assert "noise" not in done.out
    assert "bad" in done.out
    (line,) = done.err.splitlines()
    assert "outrig.commands bad: it printed while it was imported: noise" in line
    assert "skipped" not in line


def test_a_plugin_that_hangs_is_given_up(
    plugins: PluginMaker, run: CommandLine, tmp_path: Path
) -> None:
    mark = tmp_path / "started"
    code = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(mark)!r}, 'w').close()\ntime.sleep(600)\n"
    )
    install(plugins, code)
    done = run("--help", env={"OUTRIG_PLUGIN_TIMEOUT": "2"}).checked()
    assert mark.exists()
    assert "good" in done.out
    assert "acme-bad 1.0" in done.err
    assert "took more than 2 s" in done.err
    assert run("good").checked().err == ""


def test_an_interrupt_does_not_wait_for_a_plugin(
    plugins: PluginMaker, run: CommandLine, tmp_path: Path
) -> None:
    mark = tmp_path / "fifo"
    os.mkfifo(mark)
    install(plugins, f"import time; open({str(mark)!r}, 'w').close(); time.sleep(600)")
    running = run.start("--help", env={"OUTRIG_PLUGIN_TIMEOUT": "500"})
    mark.read_bytes()  # until the plugin is being imported
    running.send(signal.SIGINT)
    done = running.wait()
    assert (done.exit_code, done.err) == (130, "outrig: interrupted\n")


def test_what_took_too_long_is_looked_at_again_later(
    plugins: PluginMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(plugins, "import time; time.sleep(600)")
    monkeypatch.setenv("OUTRIG_PLUGIN_TIMEOUT", "1")
    assert manifest.load().problems
    assert manifest.load().fresh is False
    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert manifest.load().fresh is True


@pytest.mark.parametrize(
    ("group", "name", "value", "reason"),
    [
        ("outrig.commands", "Bad Name", "m:C", "is no name"),
        ("outrig.commands", "-x", "m:C", "is no name"),
        ("outrig.commands", "a..b", "m:C", "is no name"),
        ("outrig.commands", "help.me", "m:C", "a word of Outrig's own"),
        ("outrig.commands", "bad", "no_colon", "not of the form module:name"),
        ("outrig.commands", "bad", "m:1x", "not of the form module:name"),
        ("outrig.providers", "a/b", "m:C", "is no name"),
        ("outrig.nonsense", "bad", "m:C", "does not know the group"),
        ("outrig.providers.v9", "bad", "m:C", "does not know the group"),
    ],
)
def test_entry_points_that_are_wrong_as_written(
    group: str, name: str, value: str, reason: str, plugins: PluginMaker
) -> None:
    plugins("acme-wrong", entry_points={group: {name: value}}, files={"m.py": "C = 1"})
    (problem,) = manifest.load().problems
    assert (problem.distribution, problem.version, problem.name) == ("acme-wrong", "1.0", name)
    assert reason in problem.reason


def test_duplicates_name_both_and_the_first_wins(plugins: PluginMaker, run: CommandLine) -> None:
    for name in ("acme-a", "acme-b"):
        plugins(
            name,
            entry_points={
                "outrig.commands": {"good": "acme_good:Good", "shim.list": "acme_good:Good"},
                "outrig.providers": {"acme": "x:Y"},
            },
            files={"acme_good.py": GOOD},
        )
    found = manifest.load()
    assert found.commands["good"].distribution == "acme-a"
    assert found.commands["shim list"].distribution == "outrig"
    assert found.providers["acme"].distribution == "acme-a"
    told = [str(one) for one in found.problems]
    assert (
        "plugin acme-b 1.0: outrig.commands good: acme-a 1.0 has that name already, and is used"
    ) in told
    assert len(told) == 4
    done = run("--help").checked()
    assert len(done.err.splitlines()) == 2
    assert "(and 2 more)" in done.err


@pytest.mark.parametrize(
    ("requires", "fits"),
    [
        ("outrig>=0.1,<2", True),
        ("outrig", True),
        ("Outrig >= 99", False),
        ("outrig[s3]<0.1", False),
        ("outrig>=99; extra == 'later'", True),
        ("outrig>=99; python_version < '3'", True),
        ("outrig-helpers>=99", True),
        ("outrig >>> 3", True),
    ],
)
def test_the_version_range_is_checked_before_anything_is_imported(
    requires: str, fits: bool, plugins: PluginMaker, tmp_path: Path
) -> None:
    mark = tmp_path / "imported"
    plugins(
        "acme-range",
        entry_points={"outrig.commands": {"good": "acme_range:Good"}},
        files={"acme_range.py": f"open({str(mark)!r}, 'w').close()\n" + GOOD},
        requires=[requires],
    )
    found = manifest.load()
    assert ("good" in found.commands, mark.exists()) == (fits, fits)
    reasons = [one.reason for one in found.problems]
    assert [("it needs outrig" in one) for one in reasons] == ([] if fits else [True])


def test_half_uninstalled_distributions(plugins: PluginMaker) -> None:
    without_metadata = install(plugins, GOOD, "acme-half")
    (without_metadata / "METADATA").unlink()
    without_code = install(plugins, GOOD.replace("Good", "Bad"), "acme-gone")
    (plugins.site / "acme_gone.py").unlink()
    leftover = install(plugins, GOOD, "acme-left")
    leftover.rename(leftover.with_name("~cme_left-1.0.dist-info"))
    empty = plugins.site / "acme_empty-1.0.dist-info"
    empty.mkdir()
    unreadable = plugins.site / "acme_binary-1.0.dist-info"
    unreadable.mkdir()
    (unreadable / "entry_points.txt").write_bytes(b"\xff[outrig.commands]\n= \n[x\n\x00")
    assert without_code.is_dir()
    found = manifest.load()
    assert {one.distribution: one.reason.split(";")[0] for one in found.problems} == {
        "acme_half": f"{without_metadata} has no METADATA",
        "acme-gone": "ModuleNotFoundError: No module named 'acme_gone'",
    }


def test_only_command_classes_are_imported(plugins: PluginMaker, tmp_path: Path) -> None:
    mark = tmp_path / "imported"
    plugins(
        "acme-provider",
        entry_points={
            "outrig.providers": {"acme": "acme_provider:Acme"},
            "outrig.stores": {"acme": "acme_provider:Store"},
            "outrig.expanders": {"acme": "acme_provider:Expander"},
            "outrig.extensions": {"acme": "acme_provider:E", "My Policy.v1": "acme_provider:P"},
        },
        files={"acme_provider.py": f"open({str(mark)!r}, 'w').close()"},
    )
    found = manifest.load()
    for group in ("providers", "stores", "expanders", "extensions"):
        assert found.table(group)["acme"].distribution == "acme-provider"
    assert "My Policy.v1" in found.extensions
    assert not mark.exists()
    assert "acme_provider" not in sys.modules


def test_a_limit_can_be_given(plugins: PluginMaker) -> None:
    install(plugins, "import time; time.sleep(600)")
    found = discovery.build(limit_s=3)
    assert any("took more than 3 s" in row[4] for row in found["problems"])
