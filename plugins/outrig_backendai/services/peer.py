"""Whose program is at the other end of a connection within this computer."""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path

_TABLES = {socket.AF_INET: "/proc/net/tcp", socket.AF_INET6: "/proc/net/tcp6"}
_LOCAL, _REMOTE, _UID = 1, 2, 7


def is_another_users(connection: socket.socket) -> bool:
    """Tell whether another user of this computer connected; false where that cannot be known.

    Root may connect to everything: it could anyway.
    """
    try:
        rows = Path(_TABLES[connection.family]).read_text("ascii").splitlines()[1:]
        wanted = _written(connection.getpeername()), _written(connection.getsockname())
    except (KeyError, OSError, ValueError):
        return False
    for row in rows:
        fields = row.split()
        if (fields[_LOCAL], fields[_REMOTE]) == wanted:
            return int(fields[_UID]) not in (0, os.getuid())
    return False


def _written(address: tuple[str, int]) -> str:
    """Write an address as the kernel's table does: words in this computer's byte order, in hex."""
    host, port = address[:2]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    packed = socket.inet_pton(family, host)
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words) + f":{port:04X}"
