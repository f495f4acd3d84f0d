"""Bringing files into folders, and out of them."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import Cancel, arriving
from outrig.errors import CapacityError, NotFoundError, OutrigError, StoreError, UsageError
from outrig_backendai.directory.folders import Permission
from outrig_backendai.folders.storage import PIECE_BYTES, inside
from outrig_backendai.slots import format_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outrig_backendai.directory.folders import Folder
    from outrig_backendai.folders.cabinet import Cabinet
    from outrig_backendai.folders.storage import FolderFile, Storage

_LONGEST_PAUSE_S = 10.0


@dataclass(slots=True, kw_only=True)
class Transfer:
    """How to copy, and what was copied so far; `left_out` are links, which are not followed."""

    cancel: Cancel
    piece_bytes: int = PIECE_BYTES
    retries: int = 0
    files: int = 0
    size_bytes: int = 0
    left_out: list[str] = field(default_factory=list)


def upload(
    cabinet: Cabinet,
    reference: str,
    names: Sequence[str],
    base: Path,
    transfer: Transfer,
    *,
    recursive: bool = False,
    target: str | None = None,
) -> Folder:
    """Copy files from below `base` into a folder, under the same paths.

    With `target` each name gets that path, wherever it is. Raises `UsageError` for what is not
    below `base`, `CapacityError` beyond the quota.
    """
    folder = cabinet.find(reference, Permission.WRITE)
    storage = cabinet.storage(folder)
    if target is None:
        named = [_below(name, base) for name in names]
    else:
        named = [(Path(name).expanduser(), target) for name in names]
    wanted = [one for source, path in named for one in _found(source, path, recursive=recursive)]
    _check_quota(folder, storage, wanted)
    for source, path in wanted:
        if source.is_dir():
            storage.make_directory(path)
        else:
            put_file(storage, source, path, transfer)
    return folder


def put_file(storage: Storage, source: Path, path: str, transfer: Transfer) -> None:
    """Copy one file into a folder."""
    executable = os.access(source, os.X_OK)
    storage.write(path, _pieces(source, transfer), executable=executable)
    transfer.files += 1


def download(
    cabinet: Cabinet, reference: str, names: Sequence[str], base: Path, transfer: Transfer
) -> Folder:
    """Copy files, and directories with all in them, to below `base`, under the same paths.

    Without names all there is. What breaks off is taken up where it was.
    """
    folder = cabinet.find(reference)
    storage = cabinet.storage(folder)
    for name in names or ("",):
        found = storage.existing(inside(name))
        get_files(storage, found, base / found.path, transfer)
    return folder


def get_files(storage: Storage, found: FolderFile, target: Path, transfer: Transfer) -> None:
    """Copy a file, or a directory with all in it, to `target`."""
    if not found.is_directory:
        _get_file(storage, found, target, transfer)
        return
    target.mkdir(parents=True, exist_ok=True)
    for one in storage.walk(found.path):
        place = target / os.path.relpath(one.path, found.path or ".")
        if one.is_directory:
            place.mkdir(parents=True, exist_ok=True)
        elif not stat.S_ISREG(one.mode):
            transfer.left_out.append(one.path)
        else:
            _get_file(storage, one, place, transfer)


def _get_file(storage: Storage, found: FolderFile, target: Path, transfer: Transfer) -> None:
    with arriving(target, _resumed(storage, found, transfer)) as arrived:
        arrived.put(target, executable=bool(found.mode & 0o100))
    transfer.files += 1


def _resumed(storage: Storage, found: FolderFile, transfer: Transfer) -> Iterator[bytes]:
    """Yield a file's content; where its store fails it is asked again for the rest."""
    offset, failures = 0, 0
    while True:
        try:
            for piece in storage.read(found.path, offset, transfer.piece_bytes):
                transfer.cancel.check()
                offset += len(piece)
                transfer.size_bytes += len(piece)
                yield piece
        except StoreError:
            failures += 1
            if failures > transfer.retries:
                raise
            transfer.cancel.wait(min(_LONGEST_PAUSE_S, 0.1 * 2**failures))
            continue
        if offset < found.size_bytes:
            raise OutrigError(f"{found.path!r} became shorter while it was read", hint="try again")
        return


def _pieces(source: Path, transfer: Transfer) -> Iterator[bytes]:
    try:
        with source.open("rb") as file:
            while piece := file.read(transfer.piece_bytes):
                transfer.cancel.check()
                transfer.size_bytes += len(piece)
                yield piece
    except OSError as err:
        raise OutrigError(f"{source} cannot be read: {err.strerror}") from err


def _below(name: str, base: Path) -> tuple[Path, str]:
    """Return a file below `base`, and the path it gets; raises `UsageError` for another."""
    top = Path(os.path.normpath(base.absolute()))
    source = Path(os.path.normpath(top / Path(name).expanduser()))
    if not source.is_relative_to(top):
        raise UsageError(f"{name} is not below {top}", hint="name a directory above it with -b")
    return source, inside(str(source.relative_to(top)))


def _found(source: Path, path: str, *, recursive: bool) -> Iterator[tuple[Path, str]]:
    """Yield what a path on this computer stands for, with the path it gets in the folder."""
    if not source.exists():
        raise NotFoundError(f"{source} does not exist")
    if not source.is_dir():
        yield source, path
        return
    if not recursive:
        raise UsageError(f"{source} is a directory", hint="add -r to copy it with all in it")
    for one in (source, *sorted(source.rglob("*"))):
        if one.is_dir() or one.is_file():
            yield one, inside(os.path.normpath(os.path.join(path, one.relative_to(source))))  # noqa: PTH118 - in the folder


def _check_quota(folder: Folder, storage: Storage, wanted: Sequence[tuple[Path, str]]) -> None:
    if not folder.quota_bytes:
        return
    held = {one.path: one.size_bytes for one in storage.walk() if not one.is_directory}
    held.update({path: one.stat().st_size for one, path in wanted if not one.is_dir()})
    needed = sum(held.values())
    if needed > folder.quota_bytes:
        raise CapacityError(
            f"folder {folder.name!r} may hold {format_size(folder.quota_bytes)}, "
            f"and would hold {format_size(needed)}",
            hint=f"see what is in it: outrig bai vfolder ls {folder.name}",
        )
