"""The first words of a connection: what login scripts print is skipped, the program sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.node.boot import MARKER, program_source
from outrig.node.program.wire import BrokenWireError

if TYPE_CHECKING:
    from typing import BinaryIO

    from outrig.transport.base import Pipe

NOISE_BYTES = 256 << 10


def start_program(pipe: Pipe) -> None:
    """Answer the bootstrap, which asks for the program if the node does not have it."""
    word = read_marker(pipe.source)
    if word.startswith("old"):
        raise BrokenWireError(f"Python {word[4:]} is too old (3.8 is needed)")
    if word == "need":
        source = program_source()
        pipe.sink.write(len(source).to_bytes(4, "big") + source)
        pipe.sink.flush()
    elif word != "have":
        raise BrokenWireError("what answers is no node program")


def read_marker(stream: BinaryIO) -> str:
    """Skip what login scripts print, and return the bootstrap's first word; empty at the end."""
    seen = b""
    while len(seen) < NOISE_BYTES:
        line = stream.readline(NOISE_BYTES)
        if not line:
            return ""
        seen += line
        if MARKER in seen and line.endswith(b"\n"):
            return seen.rpartition(MARKER)[2].decode("ascii", "replace").strip()
    return ""
