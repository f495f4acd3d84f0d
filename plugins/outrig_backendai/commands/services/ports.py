"""The port at which ssh and scp reach a session."""

from __future__ import annotations

from outrig.api import option

DEFAULT_PORT = 9922


def port_number(text: str) -> int:
    """Read a port; raises `ValueError`."""
    port = int(text)
    if not 0 <= port < 65536:
        raise ValueError(text)
    return port


PORT = option(
    "port",
    "p",
    "the port on this computer; 0 takes a free one",
    value="PORT",
    type=port_number,
    default=DEFAULT_PORT,
)
