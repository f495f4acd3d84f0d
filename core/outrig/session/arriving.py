"""Files that arrive from a node: written aside, then put in place whole."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from outrig.errors import OutrigError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PREFIX = ".outrig-"
_STALE_S = 60.0
"""A file that nobody wrote to for so long, and whose process is gone, was left by a kill."""

_under_way: set[Path] = set()
_cleared: set[Path] = set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A file that came whole, in a temporary place; `digest` is its content's SHA-256 (hex)."""

    temporary: Path
    digest: str

    def put(self, target: Path, *, executable: bool) -> None:
        """Move it to its place, over what is there."""
        self.temporary.chmod(0o755 if executable else 0o644)
        self.temporary.replace(target)


@contextmanager
def arriving(target: Path, content: Iterable[bytes]) -> Iterator[Arrived]:
    """Receive a file beside `target`; what was not put in its place by the end is removed.

    Raises `OutrigError` when it cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _clear_stale(target.parent)
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=f"{_PREFIX}{os.getpid()}-", delete=False
        ) as handle:
            temporary = Path(handle.name)
            _under_way.add(temporary)
            try:
                digest = hashlib.sha256()
                for part in content:
                    digest.update(part)
                    handle.write(part)
                handle.close()
                yield Arrived(temporary=temporary, digest=digest.hexdigest())
            finally:
                temporary.unlink(missing_ok=True)
                _under_way.discard(temporary)
    except OSError as err:
        raise OutrigError(f"{target} cannot be written: {err.strerror}") from err


def forget_arriving() -> None:
    """Remove what has come so far of files under way: this process is about to be ended."""
    for temporary in list(_under_way):
        with suppress(OSError):
            temporary.unlink()


def _clear_stale(directory: Path) -> None:
    """Remove what processes left that were killed while a file came here; once is enough."""
    if directory in _cleared:
        return
    _cleared.add(directory)
    for one in directory.glob(f"{_PREFIX}*-*"):
        pid = one.name.removeprefix(_PREFIX).partition("-")[0]
        with suppress(OSError):
            stale = time.time() - one.stat().st_mtime > _STALE_S
            if stale and pid.isdigit() and not _lives(int(pid)):
                one.unlink()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


def checked(path: str) -> PurePosixPath:
    """Return a path that a node named, if it stays below where it is put; raises `RemoteError`."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\0" in path or not pure.parts:
        raise RemoteError(f'a path that leaves its directory is refused: "{path}"')
    return pure
