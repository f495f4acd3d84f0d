"""The expressions by which listings are filtered (https://google.aip.dev/160), as far as used."""

from __future__ import annotations

import re
from typing import Any

from tests.plugins.gcp.living.discovery import invalid

_TERM = re.compile(
    r"""\(?\s*(?P<key>[\w.-]+)\s*(?P<mark>!=|=|:|\s(?:eq|ne)\s)\s*"""
    r"""(?P<value>"[^"]*"|'[^']*'|[^\s()]+)\s*\)?"""
)


def matches(item: dict[str, Any], text: str) -> bool:
    """Tell whether an expression fits something; raises `Refusal` where it is none."""
    return any(_all(item, part) for part in re.split(r"\s+OR\s+", text.strip()))


def _all(item: dict[str, Any], text: str) -> bool:
    for part in re.split(r"\s+AND\s+", text):
        found = _TERM.fullmatch(part.strip())
        if found is None:
            raise invalid(f"Invalid value for field 'filter': '{text}'.")
        if not _fits(item, found["key"], found["mark"].strip(), found["value"].strip("\"'")):
            return False
    return True


def _fits(item: dict[str, Any], key: str, mark: str, wanted: str) -> bool:
    value: Any = item
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if mark == ":":
        return value is not None and (wanted == "*" or wanted in str(value))
    if mark == "eq":
        return value is not None and re.fullmatch(wanted, str(value)) is not None
    if mark == "ne":
        return value is None or re.fullmatch(wanted, str(value)) is None
    same = str(value) == wanted or str(value).endswith(f"/{wanted}")
    return same if mark == "=" else not same
