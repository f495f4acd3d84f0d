"""Bringing a session's output files back to the project, without losing anything that is there."""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError, OutrigError, RemoteError, UsageError
from outrig.interfaces import WithFiles
from outrig.model.node import Node
from outrig.model.snapshot import SnapshotReader
from outrig.session.arriving import arriving, checked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrig.model.session import RemoteFile, Session
    from outrig.session.runtime import Runtime


_APART = "outputs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """One file that came back: where it is now, and whether it was put beside a changed one."""

    path: str
    target: Path
    size_bytes: int
    beside: bool = False
    unchanged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A node that outputs come from, and the directory of the project that they go to."""

    provider: WithFiles
    node: Node
    prefix: PurePosixPath
    taken: frozenset[str]
    """What nodes before it have; only its own of such a name goes to a directory of its own."""

    @property
    def is_worker(self) -> bool:
        """Whether it is not the head."""
        return self.node.rank > 0 and self.prefix.name == self.node.id.replace("/", "_")

    def for_file(self, path: str, plain: PurePosixPath) -> _Source:
        """Return where a file goes: into its place if no node before has one of that name."""
        return self if path in self.taken else replace(self, prefix=plain)

    def key(self, path: str) -> str:
        """Return under which name it is remembered what came back."""
        return f"{self.node.id}:{path}" if self.is_worker else path


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """Which output files are to come back to `root`.

    `apart` puts them into `outputs/<session>/` there. `anew` `False` leaves out what came back from
    this session before and has changed neither there nor here gone. `named` means that the user
    asked for these paths: one that is not there is then an error. `snapshot` tells how the
    project's files were when the session got them.

    What a worker has that is not just the head's goes into `outputs/<session>/<node>/`.
    """

    root: Path
    outputs: Sequence[str]
    apart: bool = False
    anew: bool = True
    named: bool = False
    snapshot: SnapshotReader | None = None


def pull(runtime: Runtime, session: Session, request: PullRequest) -> list[Pulled]:
    """Bring back what `request` names; links are left where they are, and that is said.

    A file that was changed here since it last came back, or since the snapshot was made, is not
    overwritten: the new one is put beside it as `NAME.from-SESSION`. Raises `RemoteError`, or
    `OutrigError` when a file cannot be written.
    """
    provider = runtime.provider(session)
    if not session.nodes or not isinstance(provider, WithFiles):
        return []
    pulled: list[Pulled] = []
    links: list[str] = []
    taken: frozenset[str] = frozenset()
    for node in session.nodes:
        source = _source(provider, session, node, request, taken)
        try:
            files = _listed(session, source, request)
            pulled += _pull_from(runtime, session, request, source, files)
        except RemoteError as err:
            if not source.is_worker:
                raise
            runtime.observer.notice(f"no outputs from {node.id}: {err}")
            continue
        taken |= {one.path for one in files}
        links += [one.path for one in files if one.target is not None]
    if links:
        shown = ", ".join(links[:3]) + (", …" if len(links) > 3 else "")
        runtime.observer.notice(f"left in {session.name}, as links do not come back: {shown}")
    if pulled:
        runtime.record(session, "outputs.pulled", f"{len(pulled)} files")
    return pulled


def _source(
    provider: WithFiles, session: Session, node: Node, request: PullRequest, taken: frozenset[str]
) -> _Source:
    """The head's files go where they belong, a worker's into `outputs/<session>/<node>/`."""
    prefix = _plain(session, request)
    if node.rank > 0:
        prefix = PurePosixPath(_APART, session.name, node.id.replace("/", "_"))
    return _Source(provider=provider, node=node, prefix=prefix, taken=taken)


def _plain(session: Session, request: PullRequest) -> PurePosixPath:
    return PurePosixPath(_APART, session.name) if request.apart else PurePosixPath()


def _pull_from(
    runtime: Runtime,
    session: Session,
    request: PullRequest,
    source: _Source,
    files: Sequence[RemoteFile],
) -> Iterable[Pulled]:
    if files and not request.root.is_dir():
        raise OutrigError(
            f"the outputs have nowhere to go: {request.root} is gone",
            hint="make the directory again, or leave the outputs: --no-pull",
        )
    if files and request.apart:
        make_apart(request.root / _APART)
    for file in files:
        if file.target is None:
            runtime.cancel.check()
            place = source.for_file(file.path, _plain(session, request))
            found = _bring(runtime, session, request, place, file)
            if found is not None:
                yield found


def _listed(session: Session, source: _Source, request: PullRequest) -> Sequence[RemoteFile]:
    """Return what a node has of the outputs, each file once."""
    files: dict[str, RemoteFile] = {}
    for path in dict.fromkeys(request.outputs):
        if posixpath.isabs(path) or posixpath.normpath(path).split("/")[0] == "..":
            if request.named:
                raise UsageError(f'"{path}" is outside the work directory of {session.name}')
            continue
        found = source.provider.list_files(session.id, source.node, [path])
        if request.named and not found and not source.is_worker:
            raise NotFoundError(f'"{path}" is not in session "{session.name}"')
        files |= {one.path: one for one in found if not one.is_directory}
    return [*files.values()]


def _bring(
    runtime: Runtime,
    session: Session,
    request: PullRequest,
    source: _Source,
    file: RemoteFile,
) -> Pulled | None:
    """Bring one file; `None` for one of a worker that is just the head's."""
    relative = checked(str(source.prefix / file.path))
    target = request.root / relative
    _check_inside(request.root, target)
    projects, key = runtime.state.projects, source.key(file.path)
    content = source.provider.read_file(session.id, source.node, file.path)
    with arriving(request.root / target.name if source.is_worker else target, content) as arrived:
        if source.is_worker and projects.pulled(session.id, file.path) == arrived.digest:
            return None
        before = _digest(target)
        came = projects.pulled(session.id, key) == arrived.digest
        if before is not None and came and not request.anew:
            return Pulled(path=file.path, target=target, size_bytes=file.size_bytes, unchanged=True)
        safe = before in (None, arrived.digest, projects.pulled(session.project_id, str(relative)))
        beside = not safe and before != _digest_in(request.snapshot, str(relative))
        if beside:
            target = _place_beside(target, session.name)
        if before != arrived.digest:
            _make_parent(request.root, target, source)
            arrived.put(target, executable=file.executable)
    if not beside:
        projects.set_pulled(session.project_id, str(relative), arrived.digest)
    projects.set_pulled(session.id, key, arrived.digest)
    return Pulled(
        path=file.path,
        target=target,
        size_bytes=file.size_bytes,
        beside=beside,
        unchanged=before == arrived.digest,
    )


def _make_parent(root: Path, target: Path, source: _Source) -> None:
    if source.is_worker:
        make_apart(root / _APART)
    target.parent.mkdir(parents=True, exist_ok=True)


def make_apart(directory: Path) -> None:
    """Make the directory of outputs that are kept apart; what is in it goes into no snapshot.

    A directory of that name that is there already is the user's.
    """
    with suppress(OSError):  # if it cannot be made, the first file says so
        directory.mkdir()
        (directory / ".gitignore").write_text("# outputs of sessions, made by Outrig\n*\n")


def _place_beside(target: Path, session_name: str) -> Path:
    """Return where a file goes that must not overwrite `target`: a name of at most 255 bytes."""
    end = f".from-{session_name}"
    name = os.fsencode(target.name)[: 255 - len(end.encode())]
    return target.with_name(name.decode("utf-8", "ignore") + end)


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
    """Return the digest of a file here, `None` without one; a link or a pipe is like no content."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return ""
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except FileNotFoundError:
        return None
