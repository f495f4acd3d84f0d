"""What a machine has to run code with: interpreters of Python, images of a container engine.

Its text also runs on nodes, by `python3 -IS -c`, so it is Python 3.8 and bare. Interpreters are
told by their names, as starting each of them to ask would take seconds.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

ENGINES = ("docker", "podman")
_ASK_S = 20
_NAMED = re.compile(r"python(3\.\d+)")
_PLACES = ("/usr/local/bin", "/usr/bin", "/opt/python/bin")
_TREES = (
    "~/.pyenv/versions",
    "/opt/pyenv/versions",
    "~/.local/share/uv/python",
    "/opt/conda/envs",
    "~/miniconda3/envs",
    "/opt",
)


def scan(path: str, engines: bool = True) -> dict[str, object]:
    """Return `pythons` (path by version `3.11`), `engine` and its `images`, found from PATH."""
    found: dict[str, object] = {"pythons": pythons(path)}
    for name in ENGINES if engines else ():
        engine = program(name, path)
        images = None if engine is None else engine_images(engine)
        if images is not None:
            return dict(found, engine=engine, images=images)
    return dict(found, engine="", images=[])


def program(name: str, path: str) -> str | None:
    """Return where a program is on a PATH."""
    for directory in path.split(os.pathsep):
        place = os.path.join(directory or ".", name)
        if os.access(place, os.X_OK) and os.path.isfile(place):
            return place
    return None


def pythons(path: str) -> dict[str, str]:
    """Return the interpreters of Python 3 by version; those of the system come first."""
    found: dict[str, str] = {}
    for directory in [*_PLACES, *path.split(os.pathsep), *trees()]:
        for name in names_in(directory):
            match = _NAMED.fullmatch(name)
            place = os.path.join(directory, name)
            if match and match[1] not in found and is_interpreter(place):
                found[match[1]] = place
    own = os.path.realpath(sys.executable)
    if is_interpreter(own):
        found.setdefault("%d.%d" % sys.version_info[:2], own)
    return found


def trees() -> list[str]:
    """Return the directories of programs in trees that hold one Python each."""
    return [
        os.path.join(os.path.expanduser(tree), name, "bin")
        for tree in _TREES
        for name in names_in(os.path.expanduser(tree))
    ]


def names_in(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory or "."))
    except OSError:
        return []


def is_interpreter(place: str) -> bool:
    """Whether a file is a program and not a script that looks for one, or in a venv."""
    try:
        with open(place, "rb") as source:
            is_program = source.read(4) == b"\x7fELF"
    except OSError:
        return False
    home = os.path.dirname(os.path.dirname(place))
    return is_program and os.access(place, os.X_OK) and not os.path.exists(home + "/pyvenv.cfg")


def engine_images(engine: str) -> list[list[str]] | None:
    """Return name and size of an engine's images; `None` for one that does not answer."""
    form = "{{.Repository}}:{{.Tag}}\t{{.ID}}\t{{.Size}}"
    try:
        said = subprocess.run(
            [engine, "images", "--format", form],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ASK_S,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    if said.returncode != 0:
        return None
    lines = said.stdout.decode("utf-8", "replace").splitlines()
    rows = [line.split("\t") for line in lines]
    return [row for row in rows if len(row) == 3 and "<none>" not in row[0]]


def tell() -> None:
    """Write what there is to standard output, on a node."""
    os.write(1, json.dumps(scan(os.environ.get("PATH", os.defpath))).encode("utf-8"))
