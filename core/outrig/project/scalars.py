"""What a scalar of a project file means, given what is expected of it.

Text is kept as it was typed. YAML 1.1 would make `no` false, `010` eight and a date an object;
only where a number or a flag is expected is a scalar read as one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrig.project.document import YamlNode, YamlScalar

PlainValue = str | int | float | bool | list["PlainValue"] | dict[str, "PlainValue"] | None
"""A value of a provider's settings, whose shape only the provider knows."""

_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(
    r"[+-]?(?:[0-9]+\.?[0-9]*(?:e[+-]?[0-9]+)?|\.[0-9]+(?:e[+-]?[0-9]+)?|inf|infinity|nan)", re.I
)
_TRUE = ("true", "yes", "on")
_FALSE = ("false", "no", "off")
_MAX_DIGITS = 1000


def as_whole(text: str) -> int | None:
    """Read a whole number, decimal; `None` when it is none."""
    if len(text) > _MAX_DIGITS or not _WHOLE.fullmatch(text):
        return None
    return int(text)


def as_number(text: str) -> float | None:
    """Read a number, `inf` and `nan` too; `None` when it is none."""
    if len(text) > _MAX_DIGITS or not _NUMBER.fullmatch(text):
        return None
    return float(text)


def as_flag(text: str) -> bool | None:
    """Read true or false in any spelling of YAML's; `None` when it is neither."""
    folded = text.lower()
    if folded in _TRUE:
        return True
    return False if folded in _FALSE else None


def plain_value(node: YamlNode) -> PlainValue:
    """Read a node of unknown meaning; bounded, as the document's depth and size are."""
    from outrig.project.document import YamlList, YamlMap  # settings read text, and no YAML

    if isinstance(node, YamlMap):
        return {key.text: plain_value(value) for key, value in node.pairs}
    if isinstance(node, YamlList):
        return [plain_value(item) for item in node.items]
    return _plain_scalar(node)


def _plain_scalar(node: YamlScalar) -> PlainValue:
    if not node.plain:
        return node.text
    if node.empty:
        return None
    flag = as_flag(node.text)
    if flag is not None:
        return flag
    if not re.fullmatch(r"[+-]?0[0-9_]+", node.text):  # 0755 and 007 stay what they look like
        whole = as_whole(node.text)
        if whole is not None:
            return whole
    has_point = "." in node.text or re.fullmatch(r"[+-]?[0-9]+e[+-]?[0-9]+", node.text, re.I)
    number = as_number(node.text) if has_point else None
    return node.text if number is None else number
