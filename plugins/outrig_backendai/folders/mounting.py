"""Which folders a session has, and where in it."""

from __future__ import annotations

import os
import posixpath
import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.errors import UsageError
from outrig_backendai.directory.folders import Folder, Permission
from outrig_backendai.folders.cabinet import Cabinet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig_backendai.directory.database import Directory
    from outrig_backendai.directory.identity import Caller

HOME = "/home/work"
KEYS = ".ssh"
_RESERVED = re.compile(r"\.terminfo|\.jupyter|\.tmux\.conf|\.\w*rc|\.\w*_profile|id_container")
_TYPED = re.compile(r"(?:type|source|src|target|dst|destination|readonly|ro|perm|permission)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A folder of a session. `inside` is its path there, `source` its directory on this computer.

    `source` is `None` for a folder that is elsewhere.
    """

    folder: Folder
    inside: str
    source: Path | None
    read_only: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one `-m` says: a folder, perhaps a path, perhaps that nothing is to be changed."""

    name: str
    path: str = ""
    read_only: bool = False


def mounts_of(directory: Directory, caller: Caller, texts: Sequence[str]) -> tuple[Mount, ...]:
    """Return the folders that `-m` asks for, and the caller's whose names begin with a dot.

    Raises `UsageError` for paths outside `/home/work` or given twice, `NotFoundError` for a folder
    that is not there, `AuthError`.
    """
    cabinet = Cabinet(directory, caller)
    asked = dict.fromkeys(_asked(text) for text in texts)
    mounts = [_mount(cabinet, one) for one in asked]
    named = {one.folder.id for one in mounts}
    for folder in cabinet.records.select():
        own = folder.owner_id == caller.user_id or folder.group is not None
        if folder.in_every_session and own and folder.id not in named:
            mounts.append(_mount(cabinet, _Asked(folder.id), folder))
    _check_apart(mounts)
    return tuple(mounts)


def names_in(texts: Sequence[str]) -> set[str]:
    """Return the folders that `-m` texts ask for, as they name them."""
    return {_asked(text).name for text in texts}


def made_ready(mounts: Sequence[Mount]) -> None:
    """Give keys the permissions that SSH asks for, in folders on this computer."""
    for one in mounts:
        if posixpath.basename(one.inside) != KEYS or one.source is None:
            continue
        for _, directories, files, above in os.fwalk(one.source):
            os.fchmod(above, 0o700)
            for name in (*directories, *files):
                with suppress(OSError):  # links stay what they are, and lead nowhere from here
                    _tighten(name, above)


def _tighten(name: str, above: int) -> None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    handle = os.open(name, flags, dir_fd=above)
    try:
        mode = os.fstat(handle).st_mode
        os.fchmod(handle, 0o700 if stat.S_ISDIR(mode) else 0o600)
    finally:
        os.close(handle)


def _asked(text: str) -> _Asked:
    """Read `NAME`, `NAME=PATH`, `NAME:PATH`, each also with `,ro`, or `type=bind,source=…`."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > 1 and all(_TYPED.match(part) for part in parts):
        return _typed(text, parts)
    first, *rest = parts
    read_only = False
    for word in rest:
        if word not in ("ro", "readonly", "rw"):
            raise UsageError(f'-m "{text}": "{word}" is not ro, readonly or rw')
        read_only = word != "rw"
    split = re.fullmatch(r"([^=:]*)(?:[=:](.*))?", first, re.DOTALL)
    name, path = (split[1], split[2] or "") if split else (first, "")
    if not name:
        raise UsageError(f'-m "{text}" names no folder', hint="write -m NAME or -m NAME=PATH")
    return _Asked(name, path, read_only)


def _typed(text: str, parts: Sequence[str]) -> _Asked:
    fields = dict(part.partition("=")[::2] for part in parts)
    name = fields.get("source") or fields.get("src") or ""
    path = fields.get("target") or fields.get("dst") or fields.get("destination") or ""
    if fields.get("type", "bind") != "bind" or not name:
        raise UsageError(f'-m "{text}" is not type=bind,source=NAME,target=PATH')
    permission = fields.get("permission") or fields.get("perm") or ""
    read_only = "readonly" in fields or "ro" in fields or permission == "ro"
    return _Asked(name, path, read_only)


def _mount(cabinet: Cabinet, asked: _Asked, folder: Folder | None = None) -> Mount:
    found = folder or cabinet.find(asked.name)
    return Mount(
        folder=found,
        inside=_path_inside(asked.path or found.name, found.name),
        source=cabinet.storage(found).local,
        read_only=asked.read_only or not found.granted.allows(Permission.WRITE),
    )


def _path_inside(path: str, name: str) -> str:
    """Return where in the session a folder goes; raises `UsageError` for what is not there."""
    whole = posixpath.normpath(posixpath.join(HOME, path))
    if not whole.startswith(f"{HOME}/") or "\0" in path:
        raise UsageError(
            f"folder {name!r} cannot be mounted at {path}", hint=f"name a path below {HOME}"
        )
    first = whole[len(HOME) + 1 :].partition("/")[0]
    if _RESERVED.fullmatch(first):
        raise UsageError(
            f"folder {name!r} cannot be mounted at {path}: sessions have {first} for themselves"
        )
    return whole


def _check_apart(mounts: Sequence[Mount]) -> None:
    """Raise `UsageError` when two folders would be at one place, or one in another."""
    seen: list[Mount] = []
    for one in mounts:
        for other in seen:
            longer, shorter = sorted((one.inside, other.inside), key=len, reverse=True)
            if longer == shorter or longer.startswith(f"{shorter}/"):
                raise UsageError(
                    f"folders {other.folder.name!r} and {one.folder.name!r} cannot both be at "
                    f"{shorter}",
                    hint="give one of them another path: -m NAME=PATH",
                )
        seen.append(one)
