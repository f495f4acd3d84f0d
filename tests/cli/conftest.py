"""A command set of a third party, with one command for each way of reading words."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from outrig.testing.command_line import OUTRIG
from outrig.testing.directories import write_distribution

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = '''
import json, sys
from dataclasses import dataclass
from datetime import datetime, timezone
from outrig.api import Column, Command, Group, Route, argument, option
from outrig.errors import AuthError, UsageError

ACME = Group(
    summary="Commands of a third party",
    options=(("--output json|console", "how to print"), ("--debug", "more"), ("--at URL", "where")),
)
DEFAULT = Route(to="acme echo", summary="Echo by default")
TOOL = Route(to="", style="odd", only=("acme",), shim="acmetool", summary="As acmetool")


class Echo(Command):
    summary = "Print what was understood"
    details = """
    A paragraph that is long enough to be broken into two lines when the terminal is narrow.

        kept as it is
    """
    examples = (("outrig acme echo x", "echo x"),)
    aliases = ("say",)
    arguments = (argument("words", "what to echo", required=False, repeat=True),)
    options = (
        option("lr", "l", "learning rate", value="RATE"),
        option("count", "c", "how often", type=int, default=1),
        option("colour", None, "which", choices=("red", "green", "odd one")),
        option("env", "e", "set a variable", value="K=V", repeat=True),
        option("when", None, "when", value="WHEN", implied="now"),
        option("dry", "n", "do nothing"),
        option("volume", "v", "mount", value="VOLUME"),
        option("secret", None, "not shown", hidden=True),
        option("name", "t", "what it is called", value="NAME", also=("client-token",)),
        option("mount", "m", "a folder", value="DIR", repeat=True, also=("b", "bind", "mnt")),
    )

    def complete(self, name, prefix):
        return ["two words", "two$dollars", "plain", "it's"] if name == "words" else ()

    def handle(self):
        names = [one.name for one in self.options]
        told = {name: self.option(name) for name in names if self.was_given(name)}
        told |= {"words": list(self.argument_words("words")), "style": self.route_style}
        told |= {"after": self.after_dashes, "verbosity": self.verbosity, "quiet": self.quiet}
        told |= {"group": dict(self.group_options), "yes": self.flag("yes")}
        self.write(json.dumps(told) + "\\n")
        return 0


class Both(Echo):
    summary = "A command with commands below it"


class Exec(Echo):
    summary = "Words pass verbatim"
    arguments = (
        argument("name", "where"),
        argument("words", "what", required=False, repeat=True),
    )
    verbatim = True
    runs_commands = True


class Shell(Echo):
    summary = "Unknown options are words"
    keep_unknown = True


class Start(Command):
    summary = "Options depend on words"
    arguments = (
        argument("command", "the command", required=False),
        argument("words", "more", required=False, repeat=True),
    )
    options = (option("name", "n", "name", value="NAME"),)
    runs_commands = True

    def extend(self, words):
        leading = self.leading(words)
        if leading and leading[0] == "train":
            return (option("rate", None, "learning rate", type=float, default=0.1),)
        if leading:
            raise UsageError(f"no command {leading[0]!r}", hint="there is: train")
        return ()

    def handle(self):
        command = self.word("command")
        self.line(f"{command} {self.value('rate', float) if command else ''}")
        return 0


@dataclass
class Row:
    name: str
    at: datetime
    size: int


class Rows(Command):
    summary = "A listing"
    lists = True
    styles = ("odd",)
    options = (option("none", None, "no rows"),)

    def handle(self):
        if self.output == "odd":
            self.line("odd listing")
            return 0
        rows = [Row("a\\x1b[31mred", datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc), 2048)]
        rows.append(Row("\\u6f22\\u5b57, \\"q\\"", datetime(2026, 1, 2, tzinfo=timezone.utc), 3))
        columns = (
            Column("name", lambda row: row.name),
            Column("at", lambda row: row.at),
            Column("size", lambda row: row.size, unit="bytes"),
        )
        self.listing([] if self.flag("none") else rows, columns, empty="no rows")
        return 0


class Fail(Command):
    summary = "Fails"
    arguments = (
        argument("how", "how", choices=("auth", "bug", "os", "interrupt", "pipe", "code")),
    )

    def handle(self):
        how = self.word("how")
        if how == "auth":
            raise AuthError("no \\x1b[31mkey for acme", hint="log in")
        if how == "os":
            open("/nonexistent/file")
        if how == "interrupt":
            raise KeyboardInterrupt
        if how == "pipe":
            for _ in range(100_000):
                self.line("line")
        if how == "code":
            return 7
        raise RuntimeError("boom")


class FailRun(Fail):
    runs_commands = True


class Ask(Command):
    summary = "Asks"
    hidden = True
    options = (option("assume", None, "without a terminal"),)

    def handle(self):
        self.note("a note")
        self.detail("a detail")
        self.warn("a warning")
        sure = self.confirm("Sure?", assume_without_terminal=self.flag("assume"))
        self.line("yes" if sure else "no")
        return 0


class Bytes(Command):
    summary = "Writes what is no text"

    def handle(self):
        self.write("text ")
        self.write(b"\\xff\\x00bytes ")
        self.line("name-\\udcff <info>no markup</info> \\x1b[31m")
        return 0
'''
NAMES = {
    "acme": "ACME",
    "acme.echo": "Echo",
    "acme.exec": "Exec",
    "acme.both": "Both",
    "acme.both.list": "Rows",
    "acme.shell": "Shell",
    "acme.start": "Start",
    "acme.rows": "Rows",
    "acme.fail": "Fail",
    "acme.failrun": "FailRun",
    "acme.ask": "Ask",
    "acme.bytes": "Bytes",
    "acme.admin": "DEFAULT",
    "acme.admin.list": "Rows",
    "tool": "TOOL",
}


@pytest.fixture(scope="session")
def acme_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the command set once, and find out once what is installed."""
    root = tmp_path_factory.mktemp("acme")
    entry_points = {"outrig.commands": {name: f"acme_cli:{one}" for name, one in NAMES.items()}}
    site = root / "site"
    write_distribution(site, "acme-cli", entry_points=entry_points, files={"acme_cli.py": COMMANDS})
    environment = {**os.environ, "PYTHONPATH": str(site), "OUTRIG_HOME": str(root / "home")}
    subprocess.run([*OUTRIG, "--help"], check=True, capture_output=True, env=environment)
    return site


@pytest.fixture
def acme(acme_site: Path, outrig_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the command set on the path."""
    monkeypatch.setenv("PYTHONPATH", str(acme_site))
    shutil.copytree(acme_site.parent / "home", outrig_home / "outrig", dirs_exist_ok=True)
