"""A session's files as a package that Ray unpacks, with what tells the rest of them.

Ray's packages hold plain files: modes, times, links, empty directories and odd names are in a list
beside them, from which the program on the node makes the work directory.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from importlib.resources import files
from typing import TYPE_CHECKING
from uuid import uuid4

from outrig.api import EntryKind
from outrig_ray.engine.node.place import HERE
from outrig_ray.jobs.package import add_file, check_size, chunks_of

if TYPE_CHECKING:
    from outrig.api import Entry, SnapshotReader

PROGRAM = HERE
"""What Python is started with: a directory with `__main__.py`."""
_MAIN = b"import sys\nfrom outrig_ray.engine.node.entry import main\nsys.exit(main())\n"
_PLAIN = re.compile(r"[A-Za-z0-9_./ +@=,-]+")


def add_program(archive: zipfile.ZipFile) -> None:
    """Put what runs on nodes into a package."""
    parts = {
        "__main__.py": _MAIN,
        "outrig_ray/__init__.py": b"",
        "outrig_ray/engine/__init__.py": b"",
    }
    for one in files("outrig_ray.engine.node").iterdir():
        if one.name.endswith(".py"):
            parts[f"outrig_ray/engine/node/{one.name}"] = one.read_bytes()
    for name, data in sorted(parts.items()):
        add_file(archive, f"{HERE}/{name}", [data], executable=False)


def pack(reader: SnapshotReader) -> tuple[bytes, int]:
    """Return a snapshot as a package, and how many chunks are in it; raises `UsageError`."""
    entries = [one for one in reader.entries() if not one.output]
    wanted = [one for one in entries if one.kind is EntryKind.FILE]
    contents = chunks_of(reader, wanted)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        add_program(archive)
        tree = [_described(one, number) for number, one in enumerate(entries)]
        add_file(archive, f"{HERE}/tree.json", [json.dumps(tree).encode()], executable=False)
        for number, one in enumerate(entries):
            if one.kind is EntryKind.FILE:
                parts = [contents[chunk] for chunk in one.chunks]
                add_file(archive, _source(one, number), parts, one.executable)
    data = out.getvalue()
    check_size(data, [(one.path, one) for one in wanted], "the session's snapshot")
    return data, len(contents)


def pack_file(content: bytes) -> bytes:
    """Return a package with the program and one file for it, like no other package.

    Ray drops one as soon as the last job that uses it has ended, whoever else is about to.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        add_program(archive)
        add_file(archive, f"{HERE}/file", [content], executable=False)
        add_file(archive, f"{HERE}/once", [uuid4().bytes], executable=False)
    return out.getvalue()


def name_of(data: bytes) -> str:
    """Return what Ray is to call a package."""
    return f"_ray_pkg_{hashlib.sha256(data).hexdigest()[:40]}.zip"


def _described(entry: Entry, number: int) -> dict[str, object]:
    return {
        "path": entry.path,
        "kind": entry.kind.value,
        "executable": entry.executable,
        "size": entry.size_bytes,
        "mtime_ns": entry.mtime_ns,
        "target": entry.target,
        "source": _source(entry, number) if entry.kind is EntryKind.FILE else None,
    }


def _source(entry: Entry, number: int) -> str:
    """Return a file's name in the package: where it can be its own, so that Ray's tasks find it."""
    inside = entry.path.split("/")[0]
    if _PLAIN.fullmatch(entry.path) and inside != HERE and len(entry.path) < 200:
        return entry.path
    return f"{HERE}/odd/{number}"
