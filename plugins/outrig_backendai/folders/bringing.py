"""Folders that a node does not see: copied to it, and what changed there copied back."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from outrig.api import WithFiles
from outrig.errors import NotFoundError, OutrigError, PluginError
from outrig_backendai.folders.hosts import storage_of
from outrig_backendai.folders.mounting import HOME
from outrig_backendai.folders.storage import inside

if TYPE_CHECKING:
    from outrig.api import RemoteFile, Session
    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute
    from outrig_backendai.folders.mounting import Mount

_DONE = ""
"""The path under which is noted that a folder was brought whole."""


def bring(compute: Compute, there: Session, mount: Mount) -> None:
    """Copy a folder to a node, unless that was done; raises `OutrigError`."""
    folder, directory = mount.folder, compute.directory
    if _marks(compute, there, mount).get(_DONE) is not None:
        return
    files, node = _files(compute, there), there.nodes[0]
    storage = storage_of(folder, directory.state_directory)
    for one in storage.walk():
        compute.outrig.cancel.check()
        if not one.is_directory and not one.is_link:
            place = f"{_place(mount)}/{one.path}"
            executable = bool(one.mode & 0o100)
            files.write_file(there.id, node, place, storage.read(one.path), executable)
    marks = {path: _mark(one) for path, one in _listed(compute, there, mount).items()}
    with directory.write() as rows:
        rows.executemany(
            "INSERT OR REPLACE INTO brought VALUES (?, ?, ?, ?)",
            [(there.id, folder.id, path, mark) for path, mark in {**marks, _DONE: ""}.items()],
        )


def bring_back(compute: Compute, session: ComputeSession) -> dict[str, int]:
    """Copy what programs changed in copies of folders back to where the folders are.

    What they deleted stays. Returns how many files came back, by folder; raises `OutrigError`
    for the first folder that could not be written, when all were tried.
    """
    from outrig_backendai.folders.furnishing import session_mounts

    found: dict[str, int] = {}
    failures: list[OutrigError] = []
    mounts = [one for one in session_mounts(compute, session) if not one.read_only]
    for kernel in reversed(session.kernels):  # where several changed a file, that of main1 counts
        there = compute.outrig.state.sessions.get(kernel.outrig_session_id or "")
        for mount in mounts if there is not None and there.nodes else ():
            try:
                count = _bring_back(compute, there, mount) if there is not None else 0
            except OutrigError as err:
                failures.append(err)
                continue
            found[mount.folder.name] = found.get(mount.folder.name, 0) + count
    if failures:
        raise failures[0]
    return found


def take_back(compute: Compute, session: ComputeSession) -> None:
    """Bring back what changed in a session that is about to end; says what cannot be, and ends."""
    try:
        bring_back(compute, session)
    except OutrigError as err:
        text = f"folders of {session.name} do not have all that changed there: {err}"
        compute.outrig.observer.notice(text)
    ids = [(one.outrig_session_id,) for one in session.kernels if one.outrig_session_id]
    with compute.directory.write() as rows:
        rows.executemany("DELETE FROM brought WHERE session_id = ?", ids)


def _bring_back(compute: Compute, there: Session, mount: Mount) -> int:
    marks = _marks(compute, there, mount)
    if _DONE not in marks:
        return 0
    files, node = _files(compute, there), there.nodes[0]
    storage = storage_of(mount.folder, compute.directory.state_directory)
    changed = {
        path: one
        for path, one in _listed(compute, there, mount).items()
        if marks.get(path) != _mark(one)
    }
    for path, one in changed.items():
        content = files.read_file(there.id, node, one.path)
        storage.write(inside(path), content, executable=one.executable)
        with compute.directory.write() as rows:
            row = (there.id, mount.folder.id, path, _mark(one))
            rows.execute("INSERT OR REPLACE INTO brought VALUES (?, ?, ?, ?)", row)
    return len(changed)


def _files(compute: Compute, there: Session) -> WithFiles:
    provider = compute.outrig.runtime.provider(there)
    if not isinstance(provider, WithFiles):
        raise PluginError(f'provider "{there.provider}" gives no access to files')
    return provider


def _place(mount: Mount) -> str:
    return "home" + mount.inside[len(HOME) :]


def _listed(compute: Compute, there: Session, mount: Mount) -> dict[str, RemoteFile]:
    """Return the files of a copy on its node, by their path in the folder."""
    place = _place(mount)
    with suppress(NotFoundError):
        found = compute.outrig.list_files(there, [place])
        return {
            one.path[len(place) + 1 :]: one
            for one in found
            if not one.is_directory and one.target is None and one.path.startswith(f"{place}/")
        }
    return {}


def _marks(compute: Compute, there: Session, mount: Mount) -> dict[str, str]:
    found = compute.directory.rows(
        "SELECT path, mark FROM brought WHERE session_id = ? AND folder_id = ?",
        there.id,
        mount.folder.id,
    )
    return {str(path): str(mark) for path, mark in found}


def _mark(one: RemoteFile) -> str:
    """Return what tells a file from one that was written since."""
    return f"{one.size_bytes}.{one.mtime_ns}"
