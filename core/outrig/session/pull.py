"""Bringing a session's output files back to the project, without losing anything that is there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from outrig.errors import OutrigError
from outrig.interfaces import WithFiles
from outrig.session.arriving import arriving, checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrig.model.session import RemoteFile, Session
    from outrig.model.snapshot import SnapshotReader
    from outrig.session.runtime import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """One file that came back: where it is now, and whether it was put beside a changed one."""

    path: str
    target: Path
    size_bytes: int
    beside: bool = False
    unchanged: bool = False


def pull(
    runtime: Runtime,
    session: Session,
    outputs: Sequence[str],
    *,
    apart: bool = False,
    snapshot: SnapshotReader | None = None,
) -> list[Pulled]:
    """Bring back what `outputs` name, to the project or, with `apart`, `outputs/<session>/` in it.

    A file that was changed here since it last came back, or since `snapshot` was made, is not
    overwritten: the new one is put beside it as `NAME.from-SESSION`. Raises `RemoteError`, or
    `OutrigError` when a file cannot be written.
    """
    wanted = [path for path in outputs if not PurePosixPath(path).is_absolute()]
    provider = runtime.provider(session)
    if not wanted or not session.nodes or not isinstance(provider, WithFiles):
        return []
    root = session.project_root
    if not root.is_dir():
        raise OutrigError(
            f"the outputs have nowhere to go: {root} is gone", hint="make the directory again"
        )
    prefix = PurePosixPath("outputs", session.name) if apart else PurePosixPath()
    head = session.nodes[0]
    pulled = []
    for file in provider.list_files(session.id, head, wanted):
        if file.is_directory or file.target is not None:
            continue
        runtime.cancel.check()
        content = provider.read_file(session.id, head, file.path)
        pulled.append(_bring(runtime, session, prefix, file, content, snapshot))
    if pulled:
        runtime.record(session, "outputs.pulled", f"{len(pulled)} files")
    return pulled


def _bring(
    runtime: Runtime,
    session: Session,
    prefix: PurePosixPath,
    file: RemoteFile,
    content: Iterable[bytes],
    snapshot: SnapshotReader | None,
) -> Pulled:
    relative = checked(str(prefix / file.path))
    target = session.project_root / relative
    _check_inside(session.project_root, target)
    with arriving(target, content) as arrived:
        before = _digest(target)
        known = runtime.state.projects.pulled(session.project_id, str(relative))
        safe = before in (None, arrived.digest, known)
        beside = not safe and before != _digest_in(snapshot, str(relative))
        if beside:
            target = target.with_name(f"{target.name[:200]}.from-{session.name}")
        if before != arrived.digest:
            arrived.put(target, executable=file.executable)
    if not beside:
        runtime.state.projects.set_pulled(session.project_id, str(relative), arrived.digest)
    return Pulled(
        path=file.path,
        target=target,
        size_bytes=file.size_bytes,
        beside=beside,
        unchanged=before == arrived.digest,
    )


def _digest_in(snapshot: SnapshotReader | None, path: str) -> str | None:
    """Return the digest (SHA-256, hex) of a file as it was in a snapshot."""
    entries = () if snapshot is None else snapshot.entries()
    entry = next((one for one in entries if one.path == path), None)
    if entry is None or snapshot is None:
        return None
    digest = hashlib.sha256()
    for chunk in entry.chunks:
        for _, data in snapshot.read({chunk}):
            digest.update(data)
    return digest.hexdigest()


def _check_inside(root: Path, target: Path) -> None:
    """Refuse a place that a link in the project would move elsewhere."""
    if not target.parent.resolve().is_relative_to(root.resolve()):
        raise OutrigError(
            f"{target} is reached through a link that leaves the project",
            hint="remove the link, or name another output file",
        )


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except FileNotFoundError:
        return None
