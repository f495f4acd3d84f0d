"""Looks at the command classes of one distribution, in a process of its own.

Started by `outrig.discovery`, which survives whatever a plugin does while it is imported. Findings
are appended to a file, one JSON object per line, so that a process which hangs or dies has told
what it saw before.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
import traceback
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from outrig.cli.route import Group, Route
from outrig.plugins.printing import kept_apart

MAX_REASON = 300


def look(group: str, value: str) -> dict[str, object]:
    """Import what an entry point names and return what the manifest keeps of it."""
    module, _, attribute = value.partition(":")
    found: object = importlib.import_module(module)
    for name in attribute.split("."):
        found = getattr(found, name)
    if group != "commands":
        return {"kind": "plugin"}
    if isinstance(found, Group):
        return {
            "kind": "group",
            "summary": found.summary,
            "hidden": found.hidden,
            "shim": found.shim,
            "options": [[str(written), str(meaning)] for written, meaning in found.options],
        }
    if isinstance(found, Route):
        return {
            "kind": "route",
            "summary": found.summary,
            "to": found.to,
            "style": found.style,
            "only": list(found.only),
            "shim": found.shim,
            "hidden": found.hidden,
        }
    return _command(found)


def _command(found: object) -> dict[str, object]:
    from outrig.cli.command import Command

    if not isinstance(found, type) or not issubclass(found, Command):
        raise TypeError("it is neither an outrig.api Command class nor a Group or Route")
    found()  # a definition that contradicts itself is found out here, not at the user's first call
    return {
        "kind": "command",
        "summary": str(found.summary),
        "aliases": [str(alias) for alias in found.aliases],
        "hidden": bool(found.hidden),
        "runs": bool(found.runs_commands),
    }


def why(error: BaseException) -> str:
    """Return what went wrong in one line."""
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r}) while being imported"
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= MAX_REASON else text[:MAX_REASON] + "…"


def sources(root: str, values: list[str], errors: list[BaseException]) -> list[str]:
    """Return the files under `root` whose change may change the findings.

    They are the modules that entry points name. After an error also what the traceback shows, and
    the directories where a missing module would appear.
    """
    found = set()
    for value in values:
        with suppress(Exception):  # its package may be what is broken
            spec = find_spec(value.partition(":")[0])
            found.add((spec and spec.origin) or "")
        if errors:
            package = sys.modules.get(value.partition(":")[0].partition(".")[0])
            found.update(getattr(package, "__path__", ()))
    for error in errors:
        found.update(frame.filename for frame in traceback.extract_tb(error.__traceback__))
        if isinstance(error, ModuleNotFoundError) and error.name:
            parent = sys.modules.get(error.name.rpartition(".")[0])
            found.update(getattr(parent, "__path__", ()))
    return sorted(one for one in found if one.startswith(root))


def main() -> None:
    """Do what the request on stdin says."""
    request = json.load(sys.stdin)
    signal.alarm(int(request["limit"]) + 5)  # for when nobody is left to end this process
    importlib.import_module("outrig.cli.command")  # so that its time is not the plugin's
    errors: list[BaseException] = []
    with Path(request["out"]).open("a", encoding="utf-8", buffering=1) as out:
        for group, value in request["entries"]:
            start = time.monotonic()
            with kept_apart() as printed:
                try:
                    finding: dict[str, object] = look(group, value)
                except BaseException as err:
                    errors.append(err)
                    finding = {"reason": why(err)}
            finding["took_s"] = time.monotonic() - start
            finding["printed"] = printed.first_line
            out.write(json.dumps(finding) + "\n")
        values = [value for _, value in request["entries"]]
        if request["root"]:
            found = sources(request["root"], values, errors)
            out.write(json.dumps({"sources": found}) + "\n")
    os._exit(0)  # not through what a plugin left for the end of the process
