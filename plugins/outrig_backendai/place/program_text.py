"""The node's part of the inside as one text: its modules, joined without their imports."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

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

_IMPORT = re.compile(
    r"^ *from outrig_backendai\.place\.program\.\w+ import (?:\([^)]*\)|.*)\n", flags=re.MULTILINE
)
_FUTURE = "from __future__ import annotations\n"


@cache
def program_text() -> str:
    """Return the whole program."""
    folder = Path(__file__).parent / "program"
    texts = [_FUTURE]
    for name in MODULES:
        text = (folder / f"{name}.py").read_text("utf-8").replace(_FUTURE, "")
        texts.append(_IMPORT.sub(_nothing, text))
    return "\n".join(texts)


def _nothing(found: re.Match[str]) -> str:
    """Keep an indented block from becoming empty."""
    return "    pass\n" if found[0].startswith(" ") else ""


@cache
def program_digest() -> str:
    """Return the digest by which nodes keep the program."""
    return hashlib.sha256(program_text().encode()).hexdigest()[:24]
