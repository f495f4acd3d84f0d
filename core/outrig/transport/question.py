"""Small questions to a node that need no node program: a few lines of Python, run there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.errors import RemoteError
from outrig.transport.choosing import transport_for

if TYPE_CHECKING:
    from outrig.model.node import Endpoint

MOST_BYTES = 64 << 10


def remote_python(endpoint: Endpoint, program: str, *arguments: str) -> str:
    """Run a Python program (3.8) on a node, and return what it prints, at most 64 KiB.

    Raises `RemoteError` when it ends without a word, `AuthError` when the node lets nobody in.
    """
    pipe = transport_for(endpoint).open(("-IS", "-c", program, *arguments))
    try:
        text = pipe.source.read(MOST_BYTES).decode("utf-8", "replace")
        if not text:
            last = pipe.errors().splitlines()[-1:]
            problem = pipe.problem()
            raise problem or RemoteError(f"{endpoint.label}: {last[0] if last else 'no answer'}")
        return text
    finally:
        pipe.close()
        pipe.source.close()
