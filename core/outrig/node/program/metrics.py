"""What runs measure of themselves: lines of JSON in a file, and a module to write them with."""

from __future__ import annotations

import os
import stat

from outrig.node.program.place import Root, exists, write_whole
from outrig.node.program.record import read_spec

MOST_READ = 1 << 18
"""Of a run that wrote more, the last so many bytes."""

LIBRARY = '''\
"""`outrig.metric(...)` for runs in environments where Outrig is not installed."""

import importlib.util
import os
import sys
from importlib.machinery import PathFinder

_own = os.path.dirname(os.path.abspath(__file__))
_others = [one for one in sys.path if os.path.abspath(one or ".") != _own]
_real = PathFinder.find_spec(__name__, _others)
if _real is not None and _real.loader is not None:
    _module = importlib.util.module_from_spec(_real)
    sys.modules[__name__] = _module
    _real.loader.exec_module(_module)


def metric(name, value, step=None):
    """Tell Outrig a number that this run measured; `step` says when, for curves."""
    import json

    path = os.environ.get("OUTRIG_METRICS")
    if path:
        fields = {"name": str(name), "value": float(value)}
        if step is not None:
            fields["step"] = float(step)
        data = (json.dumps(fields) + "\\n").encode()
        try:
            with open(path, "ab", buffering=0) as file:
                file.write(data)
        except OSError:
            pass
'''


def library_path(root_path: str) -> str:
    """Return the directory that runs have on PYTHONPATH."""
    return root_path + "/library-1"


def make_library(root_path: str) -> None:
    """Put the module there, if it is not there yet."""
    directory = library_path(root_path)
    if not exists(directory + "/outrig.py"):
        os.makedirs(directory, mode=0o700, exist_ok=True)
        write_whole(directory + "/outrig.py", LIBRARY.encode("ascii"))


def metrics_file(run_directory: str) -> str:
    return run_directory + "/metrics"


def read_metrics(run_directory: str) -> bytes:
    """Return the lines a run wrote, the last ones of too many; empty where it wrote none."""
    told = last_lines(metrics_file(run_directory))
    own = own_file(run_directory)
    written = last_lines(own) if own else b""
    return told + b"\n" + written if told and written else told or written


def own_file(run_directory: str) -> str | None:
    """Return the file that the project names and this run wrote, `None` where there is none.

    One that is older than the run is of an attempt before, which had the same directory.
    """
    spec = read_spec(run_directory)
    name = spec.variables.get("OUTRIG_METRICS_FILE") if spec is not None else None
    if spec is None or not name:
        return None
    work = Root(os.path.dirname(os.path.dirname(run_directory))).work(spec.session)
    path = os.path.join(work, spec.directory, str(name))
    try:
        found, begun = os.stat(path), os.stat(run_directory + "/spec")
    except (OSError, ValueError):
        return None
    regular = stat.S_ISREG(found.st_mode)
    return path if regular and found.st_mtime_ns >= begun.st_mtime_ns else None


def last_lines(path: str) -> bytes:
    """Return the last whole lines of a file, at most `MOST_READ` bytes of them."""
    try:
        with open(path, "rb") as source:
            size = source.seek(0, os.SEEK_END)
            source.seek(max(0, size - MOST_READ))
            data = source.read(MOST_READ)
    except OSError:
        return b""
    if size > MOST_READ:
        data = data.partition(b"\n")[2]
    return data
