"""Files that arrive from a node: written aside, then put in place whole."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from outrig.errors import OutrigError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


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
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=".outrig-", delete=False
        ) as handle:
            temporary = Path(handle.name)
            try:
                digest = hashlib.sha256()
                for part in content:
                    digest.update(part)
                    handle.write(part)
                handle.close()
                yield Arrived(temporary=temporary, digest=digest.hexdigest())
            finally:
                temporary.unlink(missing_ok=True)
    except OSError as err:
        raise OutrigError(f"{target} cannot be written: {err.strerror}") from err


def checked(path: str) -> PurePosixPath:
    """Return a path that a node named, if it stays below where it is put; raises `RemoteError`."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\0" in path or not pure.parts:
        raise RemoteError(f'a path that leaves its directory is refused: "{path}"')
    return pure
