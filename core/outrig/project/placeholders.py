"""`{{name}}` in a command or a cluster file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.project.keys import PARAMETER_NAME

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_PLACEHOLDER = re.compile(
    r"(?P<escape>(?<!\\)\\)?(?P<whole>\{\{[ \t]*(?P<name>" + PARAMETER_NAME + r")[ \t]*"
    r"(?P<raw>\|[ \t]*raw[ \t]*)?\}\})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholder:
    """One place for a value: `text[start:end]`. `literal` ones are `\\{{name}}`, kept as text."""

    start: int
    end: int
    name: str
    text: str
    raw: bool = False
    literal: bool = False


def scan(text: str) -> Iterator[Placeholder]:
    """Yield every placeholder of a text in order, literal ones too.

    What only looks like one (`{{.Names}}`, `{{print $1}}`) is none.
    """
    for match in _PLACEHOLDER.finditer(text):
        yield Placeholder(
            start=match.start(),
            end=match.end(),
            name=match["name"],
            text=match["whole"],
            raw=match["raw"] is not None,
            literal=bool(match["escape"]),
        )


def parameter_named(name: str, known: Collection[str], *, loose: bool) -> str | None:
    """Return the parameter a placeholder means.

    `loose` is for files of Ray 0.7, whose placeholders had `_` where the name has `-`.
    """
    if name in known:
        return name
    if loose:
        return next((one for one in known if one.replace("-", "_") == name), None)
    return None
