"""The work directory of a session on a node."""

from __future__ import annotations

import fnmatch
import json
import os
import shutil
import stat

from outrig_ray.engine.node.place import HERE, remove, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from outrig_ray.engine.node.place import Place


def bring_up_to_date(place: Place, spec: dict[str, Any]) -> None:
    """Make the work directory as the last sync wants it, once for each sync."""
    with place.locked():
        applied_path = os.path.join(place.top, "applied.json")
        try:
            with open(applied_path) as file:
                applied = json.load(file)
        except (OSError, ValueError):
            applied = {"generation": None, "paths": []}
        if applied["generation"] == spec["generation"] and os.path.isdir(place.work):
            return
        with open(os.path.join(HERE, "tree.json")) as file:
            tree = json.load(file)
        os.makedirs(place.work, mode=0o700, exist_ok=True)
        wanted = {entry["path"] for entry in tree}
        old = everything(place.work) if spec["clean"] else applied["paths"]
        for path in sorted(old, reverse=True):
            if path not in wanted:
                let_go(os.path.join(place.work, path), spec["clean"])
        for entry in tree:
            put_entry(place.work, entry)
        write_json(applied_path, {"generation": spec["generation"], "paths": sorted(wanted)})


def everything(top: str) -> list[str]:
    found = []
    for path, directories, files in os.walk(top):
        names = directories + files
        found += [os.path.relpath(os.path.join(path, name), top) for name in names]
    return found


def let_go(path: str, clean: bool) -> None:
    if os.path.isdir(path) and not os.path.islink(path) and not clean:
        try:
            os.rmdir(path)  # what runs put there stays
        except OSError:
            pass
    else:
        remove(path)


def put_entry(work: str, entry: dict[str, Any]) -> None:
    path = os.path.join(work, entry["path"])
    if entry["kind"] == "d":
        if os.path.islink(path) or not os.path.isdir(path):
            remove(path)
            os.mkdir(path)
    elif entry["kind"] == "l":
        if not (os.path.islink(path) and os.readlink(path) == entry["target"]):
            remove(path)
            os.symlink(entry["target"], path)
    elif not same_file(path, entry):
        remove(path)
        shutil.copyfile(entry["source"], path)
        os.chmod(path, 0o755 if entry["executable"] else 0o644)
        os.utime(path, ns=(entry["mtime_ns"], entry["mtime_ns"]))


def same_file(path: str, entry: dict[str, Any]) -> bool:
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return (
        stat.S_ISREG(found.st_mode)
        and found.st_size == entry["size"]
        and found.st_mtime_ns == entry["mtime_ns"]
        and bool(found.st_mode & 0o100) == entry["executable"]
    )


def directory_of(place: Place, spec: dict[str, Any]) -> str:
    """Return where a run works; a sweep's case has a directory with links to what is there."""
    path = os.path.normpath(os.path.join(place.work, spec["directory"]))
    os.makedirs(path, exist_ok=True)
    if spec["apart"] is None or path == place.work:
        return path
    top = os.path.relpath(path, place.work).split(os.sep)[0]
    for name in os.listdir(place.work):
        link = os.path.join(path, name)
        own = any(fnmatch.fnmatchcase(name, one.split("/")[0]) for one in spec["apart"])
        if name != top and not own and not os.path.lexists(link):
            os.symlink(os.path.join(place.work, name), link)
    return path
