"""Launchers that carry another tool's name, and what happens behind them.

`outrig shim install ray` writes a small `ray` that starts `outrig --shim ray "$@"`. Words that no
command of ours answers go to the real program of that name; inside sessions, and where
`OUTRIG_SHIMS=off` is set, all words do. Part of the start-up path when a launcher is used.
"""

from __future__ import annotations

import os
import sys

from outrig.errors import NotFoundError, PluginError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from outrig.cli.invocation import Invocation
    from outrig.cli.tree import Tree
    from outrig.manifest import Entry, Manifest

MARK = "# made by: outrig shim install"
OFF = "OUTRIG_SHIMS"
INSIDE = ("OUTRIG_SESSION", "OUTRIG_RUN")
_BOOT = "import sys; from outrig.__main__ import main; sys.exit(main())"


def launcher_text(tool: str, interpreter: str) -> str:
    """Return the launcher of a tool, a POSIX shell script."""
    quoted = "'" + interpreter.replace("'", "'\\''") + "'"
    return f"#!/bin/sh\n{MARK} {tool}\nexec {quoted} -P -c '{_BOOT}' --shim {tool} \"$@\"\n"


def is_launcher(path: str) -> bool:
    """Tell whether a file is a launcher of ours (of any installation of Outrig)."""
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - no pathlib here
            return MARK.encode() in stream.read(200)
    except OSError:
        return False


def tools(manifest: Manifest) -> dict[str, Entry]:
    """Return the tools that installed command sets can stand in for."""
    return {entry.shim: entry for entry in manifest.commands.values() if entry.shim}


def real_program(tool: str, path: str | None = None) -> str | None:
    """Return the first program of that name on `PATH` that is no launcher of ours."""
    for place in (os.environ.get("PATH", "") if path is None else path).split(os.pathsep):
        program = os.path.join(place or ".", tool)  # noqa: PTH118 - no pathlib here
        if os.path.isfile(program) and os.access(program, os.X_OK) and not is_launcher(program):  # noqa: PTH113
            return program
    return None


def hand_over_early(asked: Invocation) -> None:
    """Become the real program where that is clear before commands are looked at."""
    real = real_program(asked.shim)
    if os.environ.get(OFF, "").lower() == "off" or any(name in os.environ for name in INSIDE):
        if real is None:
            error = NotFoundError(f"{asked.shim}: not found (shims are off inside sessions)")
            error.exit_code = 127
            raise error
        _become(real, asked)
    if real is not None and asked.version:
        _become(real, asked)


def enter(asked: Invocation, tree: Tree) -> None:
    """Put the command set's own words before what the user typed."""
    entry = tools(tree.manifest).get(asked.shim)
    if entry is None:
        hand_over(asked)
        raise PluginError(
            f"no installed command set stands in for {asked.shim!r}",
            hint=f"install its plugin again, or: outrig shim remove {asked.shim}",
        )
    first = asked.words[0].partition("=")[0] if asked.words else ""
    own = [written.partition(" ")[0] for written, _ in entry.options]
    if len(first) > 1 and first[0] == "-" and first not in own:
        hand_over(asked)
    asked.words[:0] = entry.words.split()


def hand_over(asked: Invocation) -> None:
    """Become the real program with the user's own words, if there is one."""
    real = real_program(asked.shim)
    if real is not None:
        _become(real, asked)


def _become(program: str, asked: Invocation) -> NoReturn:
    sys.stdout.flush()
    os.execv(program, [asked.shim, *asked.given])  # noqa: S606 - what the user meant to call
