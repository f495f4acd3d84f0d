"""Several modules as one text, for programs that are sent to nodes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_FUTURE = "from __future__ import annotations\n"


def joined(folder: Path, package: str, modules: Sequence[str]) -> str:
    """Return the modules of a package in a folder, joined without their imports of each other.

    They are in the order in which they build on each other, and import names, not modules. All
    share one set of names.
    """
    own = re.escape(package)
    imports = re.compile(rf"^ *from {own}\.\w+ import (?:\([^)]*\)|.*)\n", flags=re.MULTILINE)
    parts = [_FUTURE]
    for name in modules:
        text = (folder / f"{name}.py").read_text("utf-8").replace(_FUTURE, "")
        parts.append(imports.sub(_nothing, text))
    return "\n".join(parts)


def _nothing(found: re.Match[str]) -> str:
    """Keep an indented block from becoming empty."""
    return "    pass\n" if found[0].startswith(" ") else ""
