"""Files of a session on a node: listed, shown to the dashboard, written, and removed at its end."""

from __future__ import annotations

import fnmatch
import os
import shutil
import stat

from outrig_ray.engine.node.place import HERE, remove, write_json
from outrig_ray.engine.node.tree import bring_up_to_date

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from outrig_ray.engine.node.place import Place

OUTSIDE = 3
"""The exit code for a path that leads out of the work directory."""


def look(place: Place, spec: dict[str, Any]) -> int:
    """List what patterns name, and lead the dashboard to the files: their names may be odd."""
    if spec["generation"] is not None:
        bring_up_to_date(place, spec)
    own = os.path.join(place.top, "l", spec["job"])
    os.makedirs(own, mode=0o700)
    found: list[dict[str, object]] = []
    for path in matching(place.work, spec["patterns"]):
        full = os.path.join(place.work, path)
        try:
            status = os.lstat(full)
        except FileNotFoundError:
            continue
        if stat.S_ISREG(status.st_mode):
            os.symlink(full, os.path.join(own, str(len(found))))
        target = os.readlink(full) if os.path.islink(full) else None
        if target is None and not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            continue
        found.append(
            {
                "path": path,
                "directory": stat.S_ISDIR(status.st_mode),
                "size": status.st_size,
                "mtime_ns": status.st_mtime_ns,
                "executable": stat.S_ISREG(status.st_mode) and bool(status.st_mode & 0o100),
                "target": target,
                "name": len(found),
            }
        )
    write_json(os.path.join(own, "found.json"), found)
    return 0


def matching(top: str, patterns: list[str]) -> list[str]:
    """Return the paths that patterns name, each once: files, directories with all in them."""
    found = {}
    for pattern in patterns:
        parts = [part for part in pattern.split("/") if part not in ("", ".")]
        for path in below(top, "", parts):
            found[path] = True
    return list(found)


def below(top: str, path: str, parts: list[str]) -> Iterator[str]:
    here = os.path.join(top, path)
    if not parts:
        for name in names_in(here):
            inside = os.path.join(path, name)
            yield inside
            yield from below(top, inside, parts)
        return
    if parts[0] == "**":
        yield from below(top, path, parts[1:])
    for name in names_in(here):
        inside = os.path.join(path, name)
        if parts[0] == "**":
            if names_in(os.path.join(top, inside)):
                yield from below(top, inside, parts)
        elif fnmatch.fnmatchcase(name, parts[0]):
            if len(parts) == 1:
                yield inside
            yield from below(top, inside, parts[1:])


def names_in(path: str) -> list[str]:
    if os.path.islink(path):
        return []
    try:
        return sorted(os.listdir(path), key=os.fsencode)
    except OSError:
        return []


def put(place: Place, spec: dict[str, Any]) -> int:
    """Write a file of the work directory; exits with 3 for one that would lie outside."""
    os.makedirs(place.work, mode=0o700, exist_ok=True)
    target = os.path.join(place.work, spec["path"])
    parent = os.path.dirname(target)
    real = os.path.realpath(parent)
    if real != os.path.realpath(place.work) and not real.startswith(
        os.path.realpath(place.work) + os.sep
    ):
        return OUTSIDE
    os.makedirs(parent, exist_ok=True)
    aside = target + ".outrig-%d" % os.getpid()
    shutil.copyfile(os.path.join(HERE, "file"), aside)
    os.chmod(aside, 0o755 if spec["executable"] else 0o644)
    os.replace(aside, target)
    return 0


def end(place: Place, spec: dict[str, Any]) -> int:
    """Remove the session from this node, and the logs of its jobs."""
    remove(place.top)
    for job in spec["jobs"]:
        remove(os.path.join(place.logs, "job-driver-%s.log" % job))
        remove(os.path.join(place.logs, "jobs", "supervisor-%s.log" % job))
    try:
        os.rmdir(os.path.dirname(place.top))
    except OSError:
        pass
    return 0
