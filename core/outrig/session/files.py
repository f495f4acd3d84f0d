"""Looking at, reading and writing files in a session."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError, OutrigError, PluginError, UsageError
from outrig.interfaces import WithFiles
from outrig.session.arriving import arriving, checked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrig.model.session import RemoteFile, Session
    from outrig.session.runtime import Runtime

_PART_BYTES = 1024 * 1024


def list_files(runtime: Runtime, session: Session, patterns: Sequence[str]) -> list[RemoteFile]:
    """List what patterns name in a session's work directory, sorted by path.

    Raises `NotFoundError` when they name nothing.
    """
    found = _files(runtime, session).list_files(session.id, session.nodes[0], patterns or ["."])
    if not found and patterns:
        raise NotFoundError(f'"{patterns[0]}" is not in session "{session.name}"')
    return sorted(found, key=lambda file: file.path)


def get_files(
    runtime: Runtime, session: Session, path: str, target: Path
) -> list[tuple[str, Path]]:
    """Copy a file, or a directory with all under it, from a session to this computer.

    Into `target` when that is a directory, else as `target`. Returns what went where. Raises
    `NotFoundError`, `OutrigError`.
    """
    source = _files(runtime, session)
    node = session.nodes[0]
    found = [one for one in list_files(runtime, session, [path]) if one.target is None]
    base = Path(path.rstrip("/")).name or "."
    into = target / base if target.is_dir() else target
    copied = []
    for file in found:
        inside = os.path.relpath(file.path, path.rstrip("/") or ".")
        place = into if inside == "." else into / str(checked(inside))
        if file.is_directory:
            place.mkdir(parents=True, exist_ok=True)
            continue
        runtime.cancel.check()
        content = source.read_file(session.id, node, file.path)
        with arriving(place, content) as arrived:
            arrived.put(place, executable=file.executable)
        copied.append((file.path, place))
    return copied


def put_files(
    runtime: Runtime, session: Session, source: Path, target: str
) -> list[tuple[Path, str]]:
    """Copy a file or a directory from this computer into a session, on every node.

    A `target` that ends in `/` (or is `.`) is a directory to put it in. Returns what went where.
    """
    files = _files(runtime, session)
    if not source.exists():
        raise NotFoundError(f"{source} does not exist")
    into = target in ("", ".") or target.endswith("/")
    base = str(Path(target or ".") / source.name) if into else target
    inner = [source] if source.is_file() else sorted(source.rglob("*"))
    copied = []
    for one in inner:
        if not one.is_file():
            continue
        inside = one.relative_to(source)
        place = base if one == source else str(Path(base) / inside)
        for node in session.nodes:
            runtime.cancel.check()
            executable = os.access(one, os.X_OK)
            files.write_file(session.id, node, str(checked(place)), _parts(one), executable)
        copied.append((one, place))
    if not copied:
        raise UsageError(f"{source} holds no files")
    return copied


def _parts(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as handle:
            while part := handle.read(_PART_BYTES):
                yield part
    except OSError as err:
        raise OutrigError(f"{path} cannot be read: {err.strerror}") from err


def _files(runtime: Runtime, session: Session) -> WithFiles:
    provider = runtime.provider(session)
    if not isinstance(provider, WithFiles):
        raise PluginError(f'provider "{session.provider}" gives no access to files')
    if not session.nodes:
        raise NotFoundError(f'session "{session.name}" has no nodes')
    return provider
