"""Writes the pages of docs/reference/ from the code that they describe.

The pages are kept in the repository, so that a change of the command line shows in review;
`tests/meta/test_reference.py` fails when one is out of date, `python3 dev.py golden` mends that.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import os
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.errors import OutrigError

HERE = Path(__file__).resolve().parent / "reference"


def pages() -> dict[str, str]:
    """Return every generated page: file name and text."""
    from outrig.cli.reference import reference_markdown as commands
    from outrig.project.reference import reference_markdown as project_file

    with _nowhere():
        return {
            "commands.md": commands(),
            "exit-codes.md": _exit_codes(),
            "hooks.md": _hooks(),
            "project-file.md": project_file(),
            "settings.md": _settings(),
        }


@contextlib.contextmanager
def _nowhere() -> Iterator[None]:
    """Work in an empty directory with an empty home, Outrig's own plugins."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as home, contextlib.chdir(home):
        os.environ |= {
            "HOME": home,
            "OUTRIG_HOME": home,
            "OUTRIG_PLUGINS": "off",
        }
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def _exit_codes() -> str:
    rows = [
        ("0", "", "All went well."),
        ("1", "", "Something went wrong that should not have: a bug. `-vv` shows where."),
    ]
    rows += [(str(kind.exit_code), f"`{kind.__name__}`", _summary(kind)) for kind in _errors()]
    table = "".join(f"| {code} | {name} | {text} |\n" for code, name, text in rows)
    return f"""\
# Exit codes

An error is one line on stderr: what is wrong, with which thing, where, and what to do. Its class
decides the exit code; programs that use `outrig.api` catch the same classes from `outrig.errors`.

| code | error | meaning |
|---|---|---|
{table}
Commands that run something (`session start`, `session execute`, `run repeat`, `ray session start`)
end with the exit code of what they ran, 128+n when signal n ended it. There, every failure of
Outrig's own is **125**, wrong usage included, so 1 to 124 are always the command's. A command that
worked on several sessions ends with 0, with the code all of them share, or with 1 when they differ.
"""


def _errors() -> list[type[OutrigError]]:
    from outrig import errors

    found = [
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and issubclass(value, errors.OutrigError)
    ]
    return sorted(found[1:], key=lambda kind: kind.exit_code)


def _summary(kind: type[object]) -> str:
    return (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ")


def _hooks() -> str:
    from outrig import hookspecs

    parts = ["# Hooks\n", (inspect.getdoc(hookspecs) or "") + "\n"]
    for name in hookspecs.hook_names():
        hook = getattr(hookspecs, name)
        text = inspect.getdoc(hook) or ""
        prose, _, example = text.partition("\n\n    ")
        signature = str(inspect.signature(hook)).replace("'", "")
        parts += [f"## {name}\n", f"```python\ndef {name}{signature}\n```\n", prose + "\n"]
        if example:
            parts.append(f"```python\n{textwrap.dedent('    ' + example)}\n```\n")
    return "\n".join(parts)


def _settings() -> str:
    from outrig.config.user import UserSettings
    from outrig.manifest import load
    from outrig.plugins.reference import settings_table

    parts = [
        "# Settings\n",
        "The first of these that gives a value counts: flag, environment variable, project file,",
        "configuration file, default. `outrig config show` tells which one did.\n",
        "## Outrig's own\n",
        settings_table("", UserSettings),
    ]
    manifest = load()
    for kind in ("providers", "stores"):
        for name, entry in sorted(manifest.table(kind).items()):
            module, _, attribute = entry.value.partition(":")
            declared = getattr(importlib.import_module(module), attribute).settings_type
            table = settings_table(f"{kind}.{name}", declared) or "It has no settings.\n"
            parts += [f"## {kind}.{name}\n", table]
    return "\n".join(parts)


def main() -> int:
    """Write the pages that differ."""
    HERE.mkdir(exist_ok=True)
    for name, text in pages().items():
        file = HERE / name
        if not file.is_file() or file.read_text() != text:
            file.write_text(text)
            print(f"written: docs/reference/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
