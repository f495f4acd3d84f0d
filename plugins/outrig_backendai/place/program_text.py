"""The node's part of the inside as one text: its modules, joined without their imports."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from outrig.api import joined

MODULES = (
    "system",
    "worker",
    "record",
    "view",
    "groups",
    "room",
    "enter",
    "engine",
    "bubble",
    "means",
    "python",
    "making",
    "main",
)
"""In the order in which they build on each other."""


@cache
def program_text() -> str:
    """Return the whole program."""
    folder = Path(__file__).parent / "program"
    return joined(folder, "outrig_backendai.place.program", MODULES)


@cache
def program_digest() -> str:
    """Return the digest by which nodes keep the program."""
    return hashlib.sha256(program_text().encode()).hexdigest()[:24]
