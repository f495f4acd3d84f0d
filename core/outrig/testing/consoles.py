"""Runs the console examples of a page, as a reader would type them.

A fenced block of the language `console` holds commands (`$ …`) and what they print, both outputs
as a terminal shows them. A line `...` stands for any lines, `...` within a line for any text. A
command ends with 0 unless it says `# exits with N`. The blocks of one page share a home and a
directory. Comments before a block tell more: `<!-- in examples/hello -->` moves to a copy of that
directory, `<!-- file train.py -->` writes the next block, of any language, to that file.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PARTS = re.compile(
    r"^<!-- in (?P<place>[^\s>]+) -->$"
    r"|^ *<!-- file (?P<file>[^\s>]+) -->\n+(?P<margin> *)```\w*\n(?P<text>.*?)^ *```$"
    r"|^(?P<indent> *)```console\n(?P<block>.*?)^ *```$",
    re.M | re.S,
)
_EXIT = re.compile(r"#\s*exits with (\d+)\s*$")
_AND_WHERE = '\n__code=$?; pwd > "$OUTRIG_CONSOLE_PWD"; exit $__code'


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Go on in a copy of a directory."""

    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFile:
    """A file that the page shows."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One command of a page, what it is expected to print, and the line it stands on."""

    line: int
    command: str
    expected: str
    exit_code: int = 0


def parts(page: str) -> Iterator[Move | WrittenFile | Example]:
    """Yield what a page asks for, in order."""
    for part in _PARTS.finditer(page):
        if part["place"]:
            yield Move(place=part["place"])
        elif part["file"]:
            yield WrittenFile(name=part["file"], text=_outdent(part["text"], part["margin"]))
        else:
            first = page.count("\n", 0, part.start("block")) + 1
            yield from _commands(_outdent(part["block"], part["indent"]), first)


def _outdent(text: str, margin: str) -> str:
    return "".join(f"{line.removeprefix(margin)}\n" for line in text.splitlines())


def _commands(block: str, first: int) -> Iterator[Example]:
    lines = block.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        command = lines[start][2:]
        printed = start + 1
        while command.endswith("\\"):
            command += "\n" + lines[printed].removeprefix("> ")
            printed += 1
        code = _EXIT.search(command)
        yield Example(
            line=first + start,
            command=command,
            expected="".join(f"{line}\n" for line in lines[printed:end]),
            exit_code=int(code[1]) if code else 0,
        )


class Shell:
    """Runs examples one after the other; keeps the current directory from one to the next."""

    def __init__(self, directory: Path, sources: Path, limit_s: float = 100) -> None:
        """`directory` is the test's own; `sources` is where `<!-- in … -->` looks."""
        self.directory = directory
        self.sources = sources
        self.current = directory
        self.limit_s = limit_s

    def move(self, place: str) -> None:
        """Go on in a copy of a directory, without what Outrig and Python made there."""
        self.current = self.directory / place
        if not self.current.exists():
            made = shutil.ignore_patterns(".outrig", "__pycache__", "outputs", "results.json")
            shutil.copytree(self.sources / place, self.current, ignore=made)

    def write(self, file: WrittenFile) -> None:
        """Write a file into the current directory."""
        path = self.current / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text)

    def run(self, example: Example) -> tuple[int, str]:
        """Run one example and return its exit code (124: it took too long) and what it printed."""
        where = self.directory / "console-pwd"
        process = subprocess.Popen(
            ["bash", "-c", example.command + _AND_WHERE],
            cwd=self.current,
            env={**os.environ, "OUTRIG_CONSOLE_PWD": str(where)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            printed, _ = process.communicate(timeout=self.limit_s)
            code = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            printed, _ = process.communicate()
            code = 124
        if where.is_file():
            self.current = self.current.joinpath(where.read_text().rstrip("\n"))
        return code, printed.decode(errors="backslashreplace")


def fits(expected: str, printed: str) -> bool:
    """Tell whether the output is the expected one, `...` standing for anything."""
    pattern = ""
    for line in expected.splitlines():
        if line == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += r"[^\n]*".join(re.escape(part) for part in line.split("...")) + r" *\n"
    if printed and not printed.endswith("\n"):
        printed += "\n"
    return re.fullmatch(pattern, printed) is not None


def check_page(page: str, directory: Path, sources: Path) -> list[str]:
    """Run a page's examples and return what went otherwise than the page says, as text."""
    shell = Shell(directory, sources)
    wrong: list[str] = []
    for part in parts(page):
        match part:
            case Move():
                shell.move(part.place)
            case WrittenFile():
                shell.write(part)
            case Example():
                wrong += _difference(part, *shell.run(part))
    return wrong


def _difference(example: Example, code: int, printed: str) -> list[str]:
    if code == example.exit_code and fits(example.expected, printed):
        return []
    return [
        (
            f"line {example.line}: $ {example.command}\n"
            f"expected (exit code {example.exit_code}):\n{example.expected}"
            f"printed (exit code {code}):\n{printed}"
        )
    ]
