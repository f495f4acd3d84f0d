"""When a session is to start: a time, or so long from now."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from outrig.errors import UsageError

_NUMBER = r"\d+(?:\.\d*)?|\.\d+"
_UNITS = {
    "days": r"d|days?",
    "hours": r"h|hrs?|hours?",
    "minutes": r"m|mins?|minutes?",
    "seconds": r"s|secs?|seconds?",
}
_SPAN = re.compile(
    r"(?P<sign>[+-])?\s*"
    + r"\s*".join(f"(?:(?P<{name}>{_NUMBER})(?:{unit}))?" for name, unit in _UNITS.items()),
    re.ASCII,
)
_SECONDS = re.compile(rf"(?P<sign>[+-])?\s*(?P<seconds>{_NUMBER})", re.ASCII)


def parse_starts_at(text: str, now: datetime) -> datetime:
    """Return the time (UTC) that `text` names; raises `UsageError`.

    It is an ISO 8601 time (without a zone: this computer's), or a span from `now`: days, hours,
    minutes and seconds in that order (`1d 2h30m`, `1.5hours`), or a number of seconds.
    """
    text = text.strip()
    span = _SECONDS.fullmatch(text) or _SPAN.fullmatch(text)
    try:
        if span is not None and any(span.groupdict().values()) and text not in "+-":
            return now + _length(span)
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f'"{text}" is neither a time nor a span of time',
            hint='write 2026-01-31T14:00, "1d 2h30m" or a number of seconds',
        ) from None


def _length(span: re.Match[str]) -> timedelta:
    found = span.groupdict()
    length = timedelta(**{name: float(found.get(name) or 0) for name in _UNITS})
    return -length if found["sign"] == "-" else length
