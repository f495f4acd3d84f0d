"""What an environment is made of, and the digest by which nodes know it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from outrig.errors import ProjectError
from outrig.model.run import EnvironmentSource
from outrig.model.snapshot import Entry, EntryKind

if TYPE_CHECKING:
    from outrig.model.project import Environment
    from outrig.model.snapshot import SnapshotReader

_MAX_FILE_BYTES = 16 * 1024 * 1024


def environment_source(spec: Environment, snapshot: SnapshotReader) -> EnvironmentSource | None:
    """Read the files an environment names out of a snapshot; `None` when it asks for nothing.

    Raises `ProjectError` when the snapshot lacks one of them.
    """
    named = [path for path in (spec.requirements, spec.conda, spec.dockerfile) if path]
    if not named and not spec.image and not spec.shell:
        return None
    entries = {entry.path: entry for entry in snapshot.entries()} if named else {}
    files = {path: read_file(snapshot, entries, path) for path in named}
    return EnvironmentSource(spec=spec, files=files)


def read_file(snapshot: SnapshotReader, entries: dict[str, Entry], path: str) -> bytes:
    """Return a file of a snapshot; raises `ProjectError` when it is not there or over 16 MiB."""
    entry = entries.get(path.removeprefix("./"))
    if entry is None or entry.kind is not EntryKind.FILE:
        raise ProjectError(
            f'"{path}" is not in snapshot {snapshot.info.name}',
            hint="is it left out by an ignore file?",
        )
    if entry.size_bytes > _MAX_FILE_BYTES:
        raise ProjectError(f'"{path}" is over 16 MiB')
    content = dict(snapshot.read(set(entry.chunks)))
    return b"".join(content[digest] for digest in entry.chunks)


def environment_digest(source: EnvironmentSource) -> str:
    """Return the digest (hex) of everything that decides what an environment becomes."""
    spec = source.spec
    files = {path: hashlib.sha256(data).hexdigest() for path, data in source.files.items()}
    parts = [spec.requirements, spec.conda, spec.dockerfile, spec.image, spec.shell, files]
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
