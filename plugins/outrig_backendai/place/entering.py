"""The shell text by which a session's inside is set up, entered and ended on its node.

An Outrig run of the session executes it, or a console: in the session's work directory there. The
program that does the work is kept on the node by its digest, as the node program is.
"""

from __future__ import annotations

import posixpath
import shlex
from typing import TYPE_CHECKING

from outrig.errors import UsageError
from outrig_backendai.place.program_text import program_digest, program_text

if TYPE_CHECKING:
    from outrig_backendai.place.record import Place

HOME = "/home/work"
NEEDS_PROGRAM = 79
"""The exit code of `set_up` on a node that has not got the program: `bring_program` first."""
_PYTHON = 'exec "${OUTRIG_PYTHON:-python3}" -IS'
_END = "END-OF-PLACE"
_PROGRAM = f"{_PYTHON} .place/enter.py"
_KEEP = """import os, sys
digest, text = sys.argv[1:]
cache = os.path.realpath("../../..") + "/place"
os.makedirs(cache, 0o700, exist_ok=True)
path = "%s/place_%s.py" % (cache, digest)
aside = "%s.%d" % (path, os.getpid())
with open(aside, "w", encoding="utf-8") as target:
    target.write(text)
os.rename(aside, path)
"""
_ENTER = """import os, sys
work = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(work))) + "/place")
from place_{digest} import main
main(work, sys.argv[1:])
"""
_SET_UP = """import os, sys
digest, enter = sys.argv[1:]
record = sys.stdin.read()
work = os.path.realpath(".")
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(work))) + "/place")
try:
    program = __import__("place_" + digest)
except ImportError:
    sys.exit({missing})
program.main(work, ["set-up", enter, record])
"""


def bring_program() -> str:
    """Return what keeps the program on a node, for all sessions there."""
    words = shlex.join([_KEEP, program_digest(), program_text()])
    return f"{_PYTHON} -c {words}"


def set_up(place: Place) -> str:
    """Return what makes the inside; it may be run again. Run it in the background.

    It ends with `NEEDS_PROGRAM` where the node has not got the program. What it leaves running
    holds the session's namespaces, and ends with the Outrig session. The record is not among its
    words, which all users of the node can see: variables may be secrets.
    """
    digest = program_digest()
    script = _SET_UP.format(missing=NEEDS_PROGRAM)
    words = shlex.join([script, digest, _ENTER.format(digest=digest)])
    return f"{_PYTHON} -c {words} <<'{_END}'\n{place.encoded()}\n{_END}\n"


def inside(place: Place, script: str) -> str:  # noqa: ARG001 - the node knows the rest
    """Return what runs shell text inside, in `/home/work`, as the work user; it ends as that does.

    Exit code 125, with one line on standard error, says that the inside could not be entered.
    """
    return f"{_PROGRAM} run {shlex.quote(script)}"


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
