"""The port at which ssh and scp reach a session."""

from __future__ import annotations

DEFAULT_PORT = 9922


def port_number(text: str) -> int:
    """Read a port; raises `ValueError`."""
    port = int(text)
    if not 0 <= port < 65536:
        raise ValueError(text)
    return port
