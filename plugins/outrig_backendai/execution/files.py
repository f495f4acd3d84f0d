"""Files of a running session: put there, brought here, listed."""

from __future__ import annotations

import os
import posixpath
import shlex
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError, UsageError
from outrig_backendai.execution.asking import ask
from outrig_backendai.execution.job import HOME
from outrig_backendai.place.entering import host_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig_backendai.compute.record import ComputeSession
    from outrig_backendai.compute.sessions import Compute

_KEY_MARK = b"PRIVATE KEY-----"
_LIST = """cd -- {path} || exit 1
find . ! -name . -prune -printf '%m %y %s %T@ %f\\0' 2>/dev/null && exit
for name in * .[!.]* ..?*; do
  if [ -e "$name" ] || [ -L "$name" ]; then
    stat -c '%a %F %s %Y' -- "$name" | tr '\\n' ' '; printf '%s\\0' "$name"
  fi
done
"""
"""GNU find says it at once; busybox has no -printf."""
_KINDS = {"d": stat.S_IFDIR, "directory": stat.S_IFDIR, "l": stat.S_IFLNK, "symbolic": stat.S_IFLNK}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One entry of a directory of a session; `mode` as `ls` writes it."""

    name: str
    size_bytes: int
    modified: datetime
    mode: str


def upload(compute: Compute, session: ComputeSession, words: Sequence[str]) -> list[str]:
    """Put files and directories into a session's home; returns their paths there.

    Those below the working directory keep their path, others have their name only.
    """
    place, there = compute.place(session), compute.outrig_session(session)
    missing = next((one for one in words if not Path(one).exists()), None)
    if missing is not None:
        raise NotFoundError(f"{missing} does not exist")
    sent = []
    for word in words:
        inside = _path_inside(word)
        compute.outrig.put_files(there, Path(word), host_path(place, f"{HOME}/{inside}"))
        sent.append(inside)
    return sent


def _path_inside(word: str) -> str:
    here = os.path.normpath(word)
    if Path(here).is_absolute():
        here = os.path.relpath(here)
    if Path(here).parts[:1] == (os.pardir,):
        return Path(word).resolve().name
    return here if here != os.curdir else Path.cwd().name


def download(
    compute: Compute, session: ComputeSession, words: Sequence[str], dest: Path
) -> list[Path]:
    """Bring files and directories of a session to a directory here; returns where they are.

    Private keys become readable by their owner only, as OpenSSH wants them.
    """
    if not dest.is_dir():
        raise UsageError(f"--dest {dest} is not a directory")
    place, there = compute.place(session), compute.outrig_session(session)
    brought = []
    for word in words:
        copied = compute.outrig.get_files(there, host_path(place, word), dest)
        if not copied:
            raise NotFoundError(f"{word} holds no files", hint=f"see: outrig bai ls {session.name}")
        brought += [path for _, path in copied]
    for path in brought:
        if _is_key(path):
            path.chmod(0o600)
    return brought


def _is_key(path: Path) -> bool:
    with path.open("rb") as file:
        return _KEY_MARK in file.read(64)


def make_directories(
    compute: Compute, session: ComputeSession, words: Sequence[str], *, parents: bool, there: bool
) -> None:
    """Make directories in a session; with `there` those that are there already are no error."""
    flags = "-p" if parents or there else ""
    quoted = shlex.join(_absolute(one) for one in words)
    ask(compute, session, f"mkdir {flags} -- {quoted}", "mkdir")


def list_files(compute: Compute, session: ComputeSession, path: str) -> list[Listed]:
    """List a directory of a session, by name; raises `RemoteError` when it cannot be read."""
    script = _LIST.format(path=shlex.quote(_absolute(path)))
    data = ask(compute, session, script, f"ls {path}")
    found = [_listed(one) for one in data.decode("utf-8", "surrogateescape").split("\0") if one]
    return sorted(found, key=lambda one: one.name)


def _listed(line: str) -> Listed:
    mode, kind, *rest = line.split(" ", 2)
    fields = rest[0]
    while not fields.split(" ", 1)[0].isdigit():  # stat's names of kinds may have several words
        fields = fields.partition(" ")[2]
    size, changed, name = fields.split(" ", 2)
    return Listed(
        name=name,
        size_bytes=int(size),
        modified=datetime.fromtimestamp(float(changed), UTC),
        mode=stat.filemode(_KINDS.get(kind, stat.S_IFREG) | int(mode, 8)),
    )


def _absolute(path: str) -> str:
    """Return an absolute path of the session; a relative one counts from its home."""
    return posixpath.normpath(posixpath.join(HOME, path))
