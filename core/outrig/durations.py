"""Lengths of time as people write them."""

from __future__ import annotations

import re

from outrig.errors import UsageError

_UNITS_S = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_WHOLE = re.compile(r"(?:\d+(?:\.\d+)?[dhms])+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([dhms])")


def parse_duration_s(text: str) -> float:
    """Turn `90`, `30m`, `1.5h` or `1d2h3m4s` into seconds; raises `UsageError`."""
    word = text.strip().lower()
    if re.fullmatch(r"\d+(?:\.\d+)?", word):
        return float(word)
    if not _WHOLE.fullmatch(word):
        raise UsageError(
            f'"{text}" is not a length of time', hint="write 90 (seconds), 30m, 12h or 1d2h3m4s"
        )
    return sum(float(count) * _UNITS_S[unit] for count, unit in _PART.findall(word))


def parse_limit_s(text: str) -> float | None:
    """Turn a length of time, or `never`, into seconds or `None`; raises `UsageError`."""
    if text.strip().lower() == "never":
        return None
    seconds = parse_duration_s(text)
    if seconds <= 0:
        raise UsageError(f'"{text}" is no time at all', hint="write never for no limit")
    return seconds
