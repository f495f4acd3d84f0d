"""Range expressions of `run`: `X=case:1,2`, `X=linspace:1,2,3`, `X=range:1,6,2`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.api import Parameter
from outrig.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrig.api import Outrig

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_USED = re.compile(r"\$(\$?)(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")
_EXAMPLE = "as in X=case:1,2,3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A variable and the values it takes, one after the other."""

    name: str
    values: tuple[str, ...]


def read_ranges(outrig: Outrig, option: str, texts: Sequence[str]) -> tuple[Range, ...]:
    """Return the variables that `--OPTION VAR=KIND:…` gave; raises `UsageError`."""
    found: dict[str, Range] = {}
    for text in texts:
        one = _read(outrig, option, text)
        if one.name in found:
            raise UsageError(f"--{option}: {one.name} is given twice", hint="give it once")
        found[one.name] = one
    return tuple(found.values())


def _read(outrig: Outrig, option: str, text: str) -> Range:
    name, equals, expression = text.partition("=")
    if not equals:
        raise UsageError(f'--{option} "{text}" is not VARIABLE=EXPRESSION', hint=_EXAMPLE)
    if _NAME.fullmatch(name) is None:
        raise UsageError(f'--{option} "{text}": "{name}" cannot name a variable', hint=_EXAMPLE)
    parameter = Parameter(name=f"{option} {name}")
    values = outrig.sweeps.values(parameter, expression)
    if values is None:
        kinds = ", ".join(f"{one}:" for one in outrig.sweeps.prefixes())
        raise UsageError(
            f'--{option} {name}: "{expression}" is no range expression (they begin with {kinds})',
            hint=_EXAMPLE,
        )
    return Range(name=name, values=values)


def interpolate(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of `$NAME` and `${NAME}`; `$$NAME` is a literal `$NAME`.

    What no range defines is left as it is, for the shell.
    """

    def put(found: re.Match[str]) -> str:
        name = found[2] or found[3]
        if name not in values:
            return found[0]
        return found[0][1:] if found[1] else values[name]

    return _USED.sub(put, text)
