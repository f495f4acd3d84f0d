"""The shell text by which a session's inside is set up, entered and ended on its node.

An Outrig run of the session executes it, or a console: in the session's work directory there.
"""

from __future__ import annotations

import posixpath
import shlex
from typing import TYPE_CHECKING

from outrig.errors import UsageError
from outrig_backendai.place.program_text import program_text

if TYPE_CHECKING:
    from outrig_backendai.place.record import Place

HOME = "/home/work"
_PROGRAM = 'exec "${OUTRIG_PYTHON:-python3}" -IS .place/enter.py'
_LOADER = """import os, sys
work = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path.insert(0, work + "/.place")
import place_program
place_program.main(work, sys.argv[1:])
"""
_SET_UP = """set -e
umask 077
mkdir -p .place
put() {{ cat > .place/$1.new && mv .place/$1.new .place/$1; }}
put place_program.py <<'{end}'
{program}
{end}
put enter.py <<'{end}'
{loader}
{end}
put place.json <<'{end}'
{record}
{end}
"""
_END = "END-OF-PLACE-7f3a"


def set_up(place: Place) -> str:
    """Return what makes the inside; it may be run again. Run it in the background.

    What it leaves running holds the session's namespaces, and ends with the Outrig session.
    """
    texts = {"program": program_text(), "loader": _LOADER, "record": place.encoded()}
    return _SET_UP.format(end=_END, **texts) + f"{_PROGRAM} set-up\n"


def inside(place: Place, script: str) -> str:  # noqa: ARG001 - the node knows the rest
    """Return what runs shell text inside, in `/home/work`, as the work user; it ends as that does.

    Exit code 125, with one line on standard error, says that the inside could not be entered.
    """
    return f"{_PROGRAM} run {shlex.quote(script)}"


def tear_down(place: Place) -> str:
    """Return what ends what would outlive the Outrig session; empty where nothing does."""
    return f"{_PROGRAM} end" if place.image else ""


def host_path(place: Place, inside_path: str) -> str:
    """Return where a path of the session is below its work directory on the node.

    A relative one counts from `/home/work`. Raises `UsageError` for one that leads out of that, or
    into a mounted folder, whose files are not there.
    """
    path = posixpath.normpath(posixpath.join(HOME, inside_path))
    if "\0" in inside_path or (path != HOME and not path.startswith(HOME + "/")):
        raise UsageError(
            f"{inside_path!r} is outside {HOME}", hint=f"name a path below {HOME}, or relative"
        )
    for one in place.mounts:
        if path == one.target or path.startswith(one.target + "/"):
            raise UsageError(
                f"{path} is in a mounted folder", hint="use: outrig bai vfolder upload|download|ls"
            )
    return "home" + path[len(HOME) :]
