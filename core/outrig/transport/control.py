"""Where connections that are kept open have their sockets: a short, private directory."""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from outrig import paths
from outrig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONNECT_S = 2.0
_LONGEST = 64
"""A socket's path may have 107 bytes, and ssh adds 17 and its name to it for a while."""


def control_directory() -> Path:
    """Return the directory of control sockets, 0700 and our own; raises `ConfigError`."""
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    if not base.startswith("/") or len(base) > _LONGEST or not os.access(base, os.W_OK):
        base = "/tmp"  # noqa: S108 - made private below, and refused if it is not
    directory = Path(base) / f"outrig-{os.getuid()}"
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        found = directory.lstat()
    except OSError as err:
        raise ConfigError(f"{directory} cannot be made: {err.strerror}") from err
    private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) & 0o077 == 0
    if not private or found.st_uid != os.getuid():
        raise ConfigError(
            f"{directory} is not a private directory of this user",
            hint="remove it, or set XDG_RUNTIME_DIR to a directory of your own",
        )
    return directory


def control_path(words: Sequence[str]) -> Path:
    """Return the socket of the connection that these words of a command line ask for."""
    identity = "\0".join([paths.state_dir(), *words])
    return control_directory() / hashlib.sha256(os.fsencode(identity)).hexdigest()[:16]


def answers(path: Path) -> bool:
    """Tell whether somebody listens at a socket."""
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(CONNECT_S)
        try:
            one.connect(str(path))
        except OSError:
            return False
        return True


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Let one process at a time see to a connection; the kernel drops the lock with its holder."""
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
