"""Times, sizes and durations as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def counted(count: int, noun: str) -> str:
    """Return a number of things: `1 file`, `2 files`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def utc(moment: datetime) -> str:
    """Return a time as `2026-11-21T02:20:17Z`; one without a zone is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def ago(moment: datetime, now: datetime) -> str:
    """Return how long ago a time was, in the largest fitting unit: `3 minutes ago`."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    seconds = (now - aware).total_seconds()
    distance = abs(seconds)
    if distance < 5:
        return "now"
    if distance >= 86400:
        count, unit = int(distance // 86400), "day"
    elif distance >= 3600:
        count, unit = int(distance // 3600), "hour"
    elif distance >= 60:
        count, unit = int(distance // 60), "minute"
    else:
        count, unit = int(distance), "second"
    words = f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return words + " ago" if seconds > 0 else "in " + words


def size(count: float) -> str:
    """Return a number of bytes for people: `1.2 MiB`."""
    distance = abs(count)
    for unit in _UNITS:
        if distance < 1024 or unit == _UNITS[-1]:
            break
        count /= 1024
        distance /= 1024
    return f"{count:.0f} {unit}" if unit == "B" or distance >= 100 else f"{count:.1f} {unit}"


def duration(seconds: float) -> str:
    """Return a number of seconds for people: `0.4 s`, `2 m 03 s`, `5 h 07 m`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} m {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} m" if hours < 48 else f"{hours // 24} d {hours % 24} h"
